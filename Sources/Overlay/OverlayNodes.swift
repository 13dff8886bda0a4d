// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Synchronization
import SystemPackage

/// A file of a mounted overlay that the kernel knows.
struct OverlayNode {
    /// What makes two lookups find the same node.
    enum Key: Hashable {
        /// Anything but a directory is the same wherever its layer has a name for it.
        case file(layer: Int, FileIdentity)
        /// A directory is what its name means.
        case directory(parent: FileNumber, name: [UInt8])
    }

    let number: FileNumber
    let type: FileTree.FileType
    var key: Key
    /// References that the kernel holds.
    var references: UInt64
    var place: LayerPlace
    /// Which file is at `place`.
    var identity: FileIdentity
    /// The directories merged in a directory, the highest first.
    var stack: [LayerDirectory]
    /// Where a regular file's bytes are, if not at `place`.
    var data: LayerPlace?

    /// The directory above; the root's own for the root, nil for what is no directory.
    var parent: FileNumber? {
        if case .directory(let parent, _) = key { parent } else { nil }
    }
}

/// The files that the kernel knows, by number.
final class OverlayNodes: Sendable {
    fileprivate struct State {
        var nodes: [FileNumber: OverlayNode] = [:]
        var numbers: [OverlayNode.Key: FileNumber] = [:]
        /// Devices that layers lie on, numbered from 1 as they are met: what keeps their inode numbers apart.
        var devices: [UInt64: UInt64] = [:]
        var nextSpare: UInt64 = 1
    }

    private let state: Mutex<State>

    /// Begins with the root directory, which is never forgotten.
    init(root: OverlayFile) {
        let node = OverlayNode(
            number: .root, type: .directory, key: .directory(parent: .root, name: []), references: 1,
            place: root.place, identity: root.status.identity, stack: root.stack)
        state = Mutex(State(nodes: [.root: node], numbers: [node.key: .root]))
    }

    /// The node of a number.
    ///
    /// - Throws: `.staleNFSFileHandle` for a number that is not known (any more).
    func node(_ number: FileNumber) throws(Errno) -> OverlayNode {
        guard let node = state.withLock({ $0.nodes[number] }) else { throw .staleNFSFileHandle }
        return node
    }

    /// Gives the file that a lookup found a number, and the caller one reference of it.
    func take(_ file: OverlayFile, _ name: [UInt8], in parent: FileNumber) -> FileNumber {
        let key = Self.key(file, name, parent)
        return state.withLock { state in
            if let number = state.numbers[key], var node = state.nodes[number] {
                if node.isSame(as: file) {
                    node.references &+= 1
                    node.refresh(file)
                    state.nodes[number] = node
                    return number
                }
                // Another directory has the name now; whoever holds the old one keeps it.
                state.numbers[key] = nil
            }
            let number = state.number(for: file.status.identity)
            state.numbers[key] = number
            state.nodes[number] = OverlayNode(
                number: number, type: file.status.type, key: key, references: 1, place: file.place,
                identity: file.status.identity, stack: file.stack, data: file.data)
            return number
        }
    }

    /// The number that a file has, or would most likely get.
    func number(_ identity: FileIdentity, layer: Int, name: [UInt8], in parent: FileNumber, isDirectory: Bool)
        -> FileNumber
    {
        state.withLock { state in
            let key: OverlayNode.Key =
                isDirectory ? .directory(parent: parent, name: name) : .file(layer: layer, identity)
            return state.numbers[key] ?? state.plainNumber(for: identity) ?? FileNumber(.max >> 1)
        }
    }

    /// Takes references back; a file without any is forgotten.
    func forget(_ number: FileNumber, count: UInt64) {
        guard number != .root else { return }
        state.withLock { state in
            guard var node = state.nodes[number] else { return }
            node.references -= min(count, node.references)
            guard node.references == 0 else {
                state.nodes[number] = node
                return
            }
            state.nodes[number] = nil
            if state.numbers[node.key] == number { state.numbers[node.key] = nil }
        }
    }

    /// How many files are known, the root included.
    var count: Int { state.withLock { $0.nodes.count } }

    private static func key(_ file: OverlayFile, _ name: [UInt8], _ parent: FileNumber) -> OverlayNode.Key {
        file.stack.isEmpty
            ? .file(layer: file.place.layer, file.status.identity) : .directory(parent: parent, name: name)
    }
}

extension OverlayNode {
    fileprivate func isSame(as file: OverlayFile) -> Bool {
        type == file.status.type && identity == file.status.identity && stack.count == file.stack.count
            && zip(stack, file.stack).allSatisfy { $0.layer == $1.layer && $0.identity == $1.identity }
    }

    /// A file is reached by the name that led to it last: an older one may be gone.
    fileprivate mutating func refresh(_ file: OverlayFile) {
        guard stack.isEmpty else { return }
        place = file.place
        data = file.data
    }
}

extension OverlayNodes.State {
    /// A number that no file has: device and inode where they fit, as they are the same the next time.
    fileprivate mutating func number(for identity: FileIdentity) -> FileNumber {
        if let number = plainNumber(for: identity), nodes[number] == nil { return number }
        while true {
            let number = FileNumber(1 << 62 | nextSpare)
            nextSpare = (nextSpare + 1) & (1 << 62 - 1)
            if nodes[number] == nil { return number }
        }
    }

    /// 14 bits of the device's position, 48 of the inode number; nil where they do not fit.
    fileprivate mutating func plainNumber(for identity: FileIdentity) -> FileNumber? {
        let position = devices[identity.device] ?? UInt64(devices.count + 1)
        guard position < 1 << 14, identity.inode < 1 << 48 else { return nil }
        devices[identity.device] = position
        return FileNumber(position << 48 | identity.inode)
    }
}
