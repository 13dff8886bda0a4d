// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing

/// Random layers, flattened and laid into a model that knows nothing but a dictionary of paths.
@Suite(.timeLimit(.minutes(15))) struct FlatteningModelTests {
    @Test func `random layers make the tree that a dictionary of paths makes`() throws {
        // Another seed finds other faults: the one that failed is in the message.
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed: seed)
        var treeCount = 0
        for round in 0..<4000 {
            let layers = (0..<Int.random(in: 1...4, using: &random)).map { _ in RandomLayer.items(&random) }
            let result = try FlatteningCase.flatten(layers.map(LayerItem.inMemory))
            let model = PathModel.outcome(layers)
            if case .tree = model { treeCount += 1 }
            guard result.outcome != model else { continue }
            let text = layers.map { $0.map(\.summary).joined(separator: ", ") }.joined(separator: " | ")
            Issue.record("seed \(seed), round \(round): \(text): \(result.outcome), not \(model)")
            return
        }
        // Were nearly all layers refused, nothing would have been tested.
        #expect(treeCount > 1000, "seed \(seed)")
    }
}

extension LayerItem {
    fileprivate var summary: String {
        "\(type.map { "\($0)" } ?? "link") \(Bytes.escaped(path))\(target.isEmpty ? "" : " -> " + Bytes.escaped(target))"
    }
}

private enum RandomLayer {
    static func items(_ random: inout SeededGenerator) -> [LayerItem] {
        (0..<Int.random(in: 0...9, using: &random)).map { _ in item(&random) }
    }

    private static func path(_ random: inout SeededGenerator) -> String {
        (0..<Int.random(in: 1...3, using: &random)).map { _ in ["a", "b", "c"].randomElement(using: &random) ?? "a" }
            .joined(separator: "/")
    }

    private static func item(_ random: inout SeededGenerator) -> LayerItem {
        let path = path(&random)
        let parent = path.split(separator: "/").dropLast().map { $0 + "/" }.joined()
        let name = path.split(separator: "/").last ?? "a"
        switch Int.random(in: 0..<24, using: &random) {
        case 0..<6: return .dir(path, mode: UInt16.random(in: 0o700...0o777, using: &random))
        case 6..<12: return .file(path, String(UInt16.random(in: 0...999, using: &random)))
        case 12..<14: return .link(path, self.path(&random))
        case 14: return .link(path, "../" + self.path(&random))
        case 15: return .symlink(path, self.path(&random))
        case 16: return .symlink(path, "/" + self.path(&random))
        case 17: return .symlink(path, "../" + self.path(&random))
        case 18..<21: return .marker(parent + ".wh." + name)
        case 21: return .marker(parent + ".wh..wh..opq")
        case 22: return .file(parent + ".wh." + name + "/x")
        default: return .dir("./", mode: 0o711)
        }
    }
}

/// Flattening by hand: a file for each path, everything by going through all paths.
private final class PathModel {
    private final class File {
        var item: LayerItem?
        let layer: Int
        var link: [String]?
        /// Which entry of the layer it is, if it is a link that waits.
        let number: Int?
        init(_ item: LayerItem?, layer: Int, link: [String]? = nil, number: Int? = nil) {
            self.number = number
            self.item = item
            self.layer = layer
            self.link = link
        }
        var isDirectory: Bool { item.map { $0.type == .directory } ?? (link == nil) }
    }

    private struct Refused: Error {
        let text: String
    }

    private var files: [[String]: File] = [:]
    private var root = File(nil, layer: -1)
    private var layer = -1

    static func outcome(_ layers: [[LayerItem]]) -> FlatteningCase.Outcome {
        let model = PathModel()
        do {
            for layer in layers { try model.apply(layer) }
            return .tree(model.lines())
        } catch let error as Refused {
            return .error(error.text)
        } catch {
            return .error("\(error)")
        }
    }

    /// Names here climb at their beginning only, from where there is nothing above.
    private func components(_ item: [UInt8]) -> [String] {
        String(decoding: item, as: UTF8.self).split(separator: "/").map(String.init).filter {
            ![".", ".."].contains($0)
        }
    }

    private func removeAll(below path: [String], itself: Bool) {
        for known in files.keys where known.starts(with: path) && (itself || known.count > path.count) {
            files[known] = nil
        }
    }

    private func apply(_ items: [LayerItem]) throws {
        layer += 1
        for item in items {
            let path = components(item.path)
            guard let name = path.last, name.hasPrefix(".wh.") else { continue }
            let parent = Array(path.dropLast())
            if name == ".wh..wh..opq" {
                removeAll(below: parent, itself: false)
            } else {
                removeAll(below: parent + [String(name.dropFirst(4))], itself: true)
            }
        }
        for (number, item) in items.enumerated() {
            let path = components(item.path)
            if path.last?.hasPrefix(".wh.") == true { continue }
            try place(item, at: path, number)
        }
        for number in items.indices { try settle(number) }
    }

    /// The path with symbolic links of this layer followed in all but its last component.
    private func resolved(_ path: [String], _ item: LayerItem) throws -> [String] {
        var path = path
        for _ in 0...40 {
            let ends = path.indices.dropFirst()
            guard let end = ends.first(where: { isOwnLink(Array(path[..<$0])) }), let link = files[Array(path[..<end])]
            else { return path }
            let target = String(decoding: link.item?.target ?? [], as: UTF8.self)
            var start = target.hasPrefix("/") ? [] : Array(path[..<(end - 1)])
            for component in target.split(separator: "/") {
                if component == ".." { start = Array(start.dropLast()) } else { start.append(String(component)) }
            }
            path = start + path[end...]
        }
        throw refusal(item, "its name leads through more than 40 symbolic links")
    }

    private func isOwnLink(_ path: [String]) -> Bool {
        files[path].map { $0.layer == layer && $0.item?.type == .symbolicLink } ?? false
    }

    private func refusal(_ item: LayerItem, _ reason: String) -> Refused {
        Refused(text: "\"\(Bytes.escaped(item.path))\": \(reason)")
    }

    private func makeParents(_ path: [String], _ item: LayerItem) throws -> [String] {
        let path = try resolved(path, item)
        for count in path.indices.dropFirst() {
            let parent = Array(path[..<count])
            if files[parent]?.isDirectory != true {
                files[parent] = File(nil, layer: -1)
            }
        }
        return path
    }

    private func place(_ item: LayerItem, at path: [String], _ number: Int) throws {
        if path.isEmpty {
            root = File(item, layer: layer)
            return
        }
        guard item.type != nil else {
            let target = try resolved(components(item.target), item)
            let known = files[target]
            if let known, known.isDirectory { throw refusal(item, "a hard link to a directory") }
            let place = try makeParents(path, item)
            guard let known, known.link == nil else {
                removeAll(below: place, itself: true)
                files[place] = File(item, layer: layer, link: components(item.target), number: number)
                return
            }
            if files[place] !== known {
                removeAll(below: place, itself: true)
                files[place] = known
            }
            return
        }
        let place = try makeParents(path, item)
        if item.type != .directory || files[place]?.isDirectory != true { removeAll(below: place, itself: true) }
        files[place] = File(item, layer: layer)
    }

    /// Looks for what the hard link of an entry waits for, if it still stands where its name led when it came.
    private func settle(_ number: Int) throws {
        for (place, file) in files where file.link != nil && file.number == number {
            var seen = [file]
            var last = file
            while let link = last.link, let lastItem = last.item {
                guard let next = files[try resolved(link, lastItem)] else { throw missing(last) }
                if next.isDirectory { throw refusal(lastItem, "a hard link to a directory") }
                if seen.contains(where: { $0 === next }) { throw missing(file) }
                seen.append(next)
                last = next
            }
            files[place] = last
        }
    }

    private func missing(_ file: File) -> Refused {
        guard let item = file.item else { return Refused(text: "") }
        let target = components(item.target).joined(separator: "/")
        return refusal(item, "hard link to a missing target \"\(target)\"")
    }

    private func lines() -> [String] {
        var lines: [String] = []
        if root.layer >= 0 { lines.append("/ 711 [\(root.layer)]") }
        var first: [ObjectIdentifier: String] = [:]
        for (path, file) in files.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
            let name = path.joined(separator: "/")
            if let known = first[ObjectIdentifier(file)] {
                lines.append("\(name) = \(known)")
                continue
            }
            first[ObjectIdentifier(file)] = name
            guard let item = file.item else {
                lines.append("\(name)/ 755 [-]")
                continue
            }
            let mode = String(item.mode, radix: 8)
            switch item.type {
            case .directory: lines.append("\(name)/ \(mode) [\(file.layer)]")
            case .symbolicLink: lines.append("\(name) -> \(Bytes.escaped(item.target)) [\(file.layer)]")
            default:
                let content = item.content.isEmpty ? "" : " \"\(Bytes.escaped(item.content))\""
                lines.append("\(name) \(mode) [\(file.layer)]\(content)")
            }
        }
        return lines
    }
}
