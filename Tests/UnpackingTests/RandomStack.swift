// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import TestSupport

/// Random layers in which much is that engines disagree on.
enum RandomStack {
    /// How many are tried where nothing else is asked for.
    static let count = ProcessInfo.processInfo.environment["CIMG_UNPACKING_STACKS"].flatMap { Int($0) } ?? 12
    /// Whether more is tried than a run of all tests has time for.
    static let isThorough = count > 50

    /// Layers, base first; the same for the same generator.
    static func layers(_ random: inout SeededGenerator) -> [[LayerItem]] {
        // Half of the stacks are of few oddities, so that they are not all refused.
        let isOdd = Bool.random(using: &random)
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in
            var items: [LayerItem] = []
            var seen: Set<[UInt8]> = []
            for _ in 0..<Int.random(in: 0...9, using: &random) {
                let item = item(&random, isOdd: isOdd && Int.random(in: 0..<3, using: &random) == 0, items)
                // Some engines refuse a name that comes twice.
                if !seen.insert(item.path).inserted, Int.random(in: 0..<20, using: &random) > 0 { continue }
                items.append(item)
            }
            return items
        }
    }

    private static func name(_ random: inout SeededGenerator) -> String {
        ["a", "b", "c"].randomElement(using: &random) ?? "a"
    }

    private static func path(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in name(&random) }.joined(separator: "/")
    }

    private static func item(_ random: inout SeededGenerator, isOdd: Bool, _ before: [LayerItem]) -> LayerItem {
        let path = path(&random)
        var item = bare(&random, path, isOdd: isOdd, before)
        guard item.type != nil else { return item }
        item.mode = UInt16.random(in: 0...0o777, using: &random) | (item.type == .directory ? 0o700 : 0o400)
        if Int.random(in: 0..<6, using: &random) == 0 {
            item.mode |= [0o1000, 0o2000, 0o4000].randomElement(using: &random) ?? 0
        }
        if item.type == .symbolicLink { item.mode = 0o777 }
        item.uid = UInt32.random(in: 0...3, using: &random)
        item.gid = UInt32.random(in: 0...3, using: &random)
        item.mtime = Int64.random(in: 1_000_000...1_600_000_000, using: &random)
        if isOdd, Int.random(in: 0..<12, using: &random) == 0 {
            item.mtime = Int64.random(in: -1_000_000...0, using: &random)
        }
        let odds = Int.random(in: 0..<40, using: &random)
        switch odds {
        case 0..<4 where [.regular, .directory].contains(item.type):
            item.xattrs = [("user.\(name(&random))", "\(odds)")]
        case 4 where isOdd: item.xattrs = [("user.x", "1")]
        case 5: item.xattrs = [("trusted.x", "2")]
        case 6 where isOdd: item.xattrs = [("trusted.overlay.opaque", "y")]
        case 7 where isOdd: item.xattrs = [("trusted.overlay.x", "y"), ("foreign.x", "3")]
        case 8: item.xattrs = [("security.x", "4")]
        default: break
        }
        return item
    }

    private static func bare(
        _ random: inout SeededGenerator, _ path: String, isOdd: Bool, _ before: [LayerItem]
    ) -> LayerItem {
        let parent = path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        let name = path.split(separator: "/").last ?? "a"
        switch Int.random(in: 0..<(isOdd ? 34 : 24), using: &random) {
        case 0..<7: return .dir(path)
        case 7..<13: return .file(path, String(UInt16.random(in: 0...999, using: &random)))
        case 13, 14: return link(path, before, &random)
        case 15: return .symlink(path, self.path(&random))
        case 16:
            return .symlink(
                path, ["/", "../", "./"].randomElement(using: &random).map { $0 + self.path(&random) } ?? "a")
        case 17..<20: return .marker(parent + ".wh." + name)
        case 20: return .marker(parent + ".wh..wh..opq")
        case 21: return .dir("./")
        case 22: return .special(path, .fifo, DeviceNumber())
        case 23: return .special(path, .characterDevice, DeviceNumber(major: 1, minor: 3))
        case 24: return .special(path, .characterDevice, DeviceNumber())
        case 25: return .file(parent + ".wh." + name + "/x", "x")
        case 26: return .dir(parent + ".wh." + name)
        case 27: return .file("/" + path, "/")
        case 28: return .file("./" + name + "//a/../" + self.name(&random), "clean")
        case 29:
            var link = LayerItem.link(path, self.path(&random))
            if let target = before.last(where: { $0.path == link.target }) {
                (link.mode, link.uid, link.gid, link.mtime) = (target.mode, target.uid, target.gid, target.mtime)
            }
            return link
        case 30: return .marker(parent + ".wh..wh." + name)
        case 31: return .file(parent + ".wh..wh.plnk/1", "plnk")
        case 32: return .symlink(path, "../../" + name)
        default: return .marker([".wh.", ".wh..", "a/.wh..."].randomElement(using: &random) ?? ".wh.")
        }
    }

    /// A hard link to a file before it, with that one's attributes: what a link's own are is known to nobody here.
    private static func link(_ path: String, _ before: [LayerItem], _ random: inout SeededGenerator) -> LayerItem {
        let files = before.filter { $0.type == .regular && !$0.path.starts(with: Array("/".utf8)) }
        guard let target = files.randomElement(using: &random) else { return .file(path, "alone") }
        var link = LayerItem.link(path, target.path)
        (link.mode, link.uid, link.gid, link.mtime) = (target.mode, target.uid, target.gid, target.mtime)
        return link
    }
}

extension LayerItem {
    /// The item as a line.
    var summary: String {
        "\(type.map { "\($0)" } ?? "link") \(Bytes.escaped(path))"
            + (target.isEmpty ? "" : " -> \(Bytes.escaped(target))")
            + " \(String(mode, radix: 8)) \(uid):\(gid) \(mtime)"
            + xattrs.map { " \($0.0)" }.joined()
    }
}
