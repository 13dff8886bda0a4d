// SPDX-License-Identifier: Apache-2.0

import EROFS
package import FileTree

/// A file that a walk came to; good during the call it is handed to.
package struct WalkedFile {
    /// Its absolute path: `/` for the root, else components, each after a `/`.
    package let path: UnsafeRawBufferPointer
    /// Where its name begins in `path`.
    package let nameStart: Int
    /// Its number in the tree.
    package let node: TreeNode
    /// Its type.
    package let type: FileType
    /// Directories between it and the start of the walk: 0 for the start itself.
    package let depth: Int

    /// The last component of the path; empty for the root.
    package var name: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: path[nameStart...]) }

    /// The file as a value that may be kept.
    package var file: BrowsedFile { BrowsedFile(path: Array(path), node: node, type: type) }
}

/// Where a walk goes on after a file.
package enum WalkStep: Sendable {
    /// With what is in it, if it is a directory.
    case into
    /// With what comes after it and all below it.
    case past
    /// Nowhere.
    case end
}

extension BrowsedTree {
    /// Walks over a file and all that is below it: a directory before what is in it, names by their bytes.
    ///
    /// Links are not followed. What vanishes from a changing tree meanwhile is passed by. Memory is that of the
    /// directories between the start and where the walk is.
    ///
    /// - Throws: `BrowsingError`; what `body` throws.
    package func walk(from start: BrowsedFile, _ body: (WalkedFile) throws -> WalkStep) throws {
        var path = start.path
        let nameStart = start.path.count - start.name.count
        let step = try path.withUnsafeBytes { bytes in
            try body(
                WalkedFile(path: bytes, nameStart: nameStart, node: start.node, type: start.type, depth: 0))
        }
        guard step == .into, start.type == .directory else { return }
        if let mapped {
            try walk(mapped, start, body)
        } else {
            try walkChildren(start, &path, body)
        }
    }

    /// A mapped image's directory and where in it the walk is.
    private struct MappedPlace {
        let record: InodeRecord
        var cookie: UInt64
        let pathCount: Int
    }

    private func walk(
        _ mapped: MappedTree, _ start: BrowsedFile, _ body: (WalkedFile) throws -> WalkStep
    ) throws {
        let image = mapped.image
        var path = WalkPath(start.path.count > 1 ? start.path : [])
        defer { path.deallocate() }
        var places = [
            MappedPlace(
                record: try at(start.path) { try image.record(start.node.rawValue) }, cookie: 0, pathCount: path.count)
        ]
        var directoryCount: UInt64 = 0
        while let place = places.last {
            var entered: (number: UInt64, cookie: UInt64)?
            var isOver = false
            // The body's own errors pass as they are.
            var failure: (any Error)?
            do {
                let depth = places.count
                try image.readDirectory(place.record, from: place.cookie) { entry in
                    if Self.isDots(entry.name) { return true }
                    path.set(entry.name, at: place.pathCount)
                    let step: WalkStep
                    do {
                        step = try body(
                            WalkedFile(
                                path: path.bytes, nameStart: place.pathCount + 1, node: TreeNode(entry.number),
                                type: entry.type, depth: depth))
                    } catch {
                        failure = error
                        return false
                    }
                    switch step {
                    case .past: return true
                    case .end:
                        isOver = true
                        return false
                    case .into:
                        guard entry.type == .directory else { return true }
                        entered = (entry.number, entry.nextCookie)
                        return false
                    }
                }
            } catch {
                throw self.error(.failed(error), at: Array(path.bytes))
            }
            if let failure { throw failure }
            if isOver { return }
            guard let entered else {
                places.removeLast()
                continue
            }
            directoryCount += 1
            guard directoryCount <= image.inodeCount else { throw error(.goesInCircles, at: Array(path.bytes)) }
            places[places.count - 1].cookie = entered.cookie
            let record = try at(Array(path.bytes)) { try image.record(entered.number) }
            places.append(MappedPlace(record: record, cookie: 0, pathCount: path.count))
        }
    }

    private static func isDots(_ name: UnsafeRawBufferPointer) -> Bool {
        name.first == 0x2E && (name.count == 1 || name.count == 2 && name[1] == 0x2E)
    }

    private func walkChildren(
        _ start: BrowsedFile, _ path: inout [UInt8], _ body: (WalkedFile) throws -> WalkStep
    ) throws {
        let rootCount = path.count > 1 ? path.count : 0
        var places = [(rest: try listed(start.node, path)[...], pathCount: rootCount)]
        var directoryCount: UInt64 = 0
        while let place = places.last {
            guard let child = places[places.count - 1].rest.popFirst() else {
                places.removeLast()
                continue
            }
            path.removeSubrange(place.pathCount...)
            path.append(UInt8(ascii: "/"))
            path += child.name
            let step = try path.withUnsafeBytes { bytes in
                try body(
                    WalkedFile(
                        path: bytes, nameStart: place.pathCount + 1, node: child.node, type: child.type,
                        depth: places.count))
            }
            if step == .end { return }
            guard step == .into, child.type == .directory else { continue }
            directoryCount += 1
            guard directoryCount <= source.directoryLimit ?? .max else { throw error(.goesInCircles, at: path) }
            places.append((try listed(child.node, path)[...], path.count))
        }
    }

    /// A directory's children; none of one that has vanished.
    private func listed(_ directory: TreeNode, _ path: [UInt8]) throws -> [TreeChild] {
        do {
            return try source.children(of: directory)
        } catch is VanishedFile {
            return []
        } catch {
            throw self.error(.failed(error), at: path)
        }
    }
}

/// The path of a walk in memory that grows.
private struct WalkPath {
    private var room: UnsafeMutableRawBufferPointer
    private(set) var count: Int

    init(_ start: [UInt8]) {
        room = .allocate(byteCount: max(4096, 2 * start.count), alignment: 16)
        room.copyBytes(from: start)
        count = start.count
    }

    func deallocate() { room.deallocate() }

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: room[..<count]) }

    /// Puts a slash and a name behind the first so many bytes, which are there.
    mutating func set(_ name: UnsafeRawBufferPointer, at position: Int) {
        let end = position + 1 + name.count
        if end > room.count { grow(to: end, keeping: position) }
        room[position] = UInt8(ascii: "/")
        UnsafeMutableRawBufferPointer(rebasing: room[(position + 1)..<end]).copyMemory(from: name)
        count = end
    }

    private mutating func grow(to size: Int, keeping kept: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 * size, alignment: 16)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: room[..<kept]))
        room.deallocate()
        room = larger
    }
}
