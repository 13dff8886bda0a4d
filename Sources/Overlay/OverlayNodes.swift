// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import OverlayLayers
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
    /// The names that led to anything but a directory; kept where the upper may be written to.
    var names: [Name] = []
    /// Other keys that lead to the node.
    var aliases: [Key] = []
    /// Whether a directory was removed, or the last name of a file.
    var isRemoved = false
    /// How many known files have a name in a directory: it is not forgotten before them.
    fileprivate(set) var nameCount = 0
    /// How many handles of it are open.
    var openCount = 0
    /// How many of them write past the kernel's cache.
    var directWriterCount = 0
    /// The copy of a lower file that is being made.
    var pending: DeferredCopy?
    /// What a lower file's copy is called among the links of the upper, if it has several names.
    var copyName: [UInt8]?

    /// A name in a directory.
    struct Name: Hashable {
        let parent: FileNumber
        let name: [UInt8]
    }

    /// Whether the upper layer has it.
    var isUpper: Bool { place.layer == 0 }

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
    ///
    /// - Parameter isWritable: whether the layers change only through this overlay, which then knows better than a
    ///   lookup that began before a change.
    func take(_ file: OverlayFile, _ name: [UInt8], in parent: FileNumber, isWritable: Bool = false) -> FileNumber {
        let key = Self.key(file, name, parent)
        return state.withLock { state in
            if let number = state.numbers[key], var node = state.nodes[number] {
                if isWritable ? node.type == file.status.type : node.isSame(as: file) {
                    let old = node
                    node.references &+= 1
                    node.refresh(file, isWritable)
                    if isWritable { node.add(OverlayNode.Name(parent: parent, name: name)) }
                    state.store(node, insteadOf: old)
                    return number
                }
                // Another directory has the name now; whoever holds the old one keeps it.
                state.numbers[key] = nil
            }
            let number = state.number(for: file.status.identity)
            state.numbers[key] = number
            var node = OverlayNode(
                number: number, type: file.status.type, key: key, references: 1, place: file.place,
                identity: file.status.identity, stack: file.stack, data: file.data)
            node.copyName = file.copyName
            if isWritable { node.add(OverlayNode.Name(parent: parent, name: name)) }
            state.store(node, insteadOf: nil)
            return number
        }
    }

    /// The copy of a file that is being made, if it is known and has one.
    func pending(_ number: FileNumber) -> DeferredCopy? { state.withLock { $0.nodes[number]?.pending } }

    /// Changes what is known of a file; nothing for one that is not known (any more).
    func update(_ number: FileNumber, _ change: (inout OverlayNode) -> Void) {
        state.withLock { state in
            guard var node = state.nodes[number] else { return }
            let old = node
            let key = node.key
            change(&node)
            state.store(node, insteadOf: old)
            guard node.key != key else { return }
            // What a directory is called leads elsewhere from now on, and what a file of the upper was may become another
            // one; what a lower file was is still that file.
            if case .file(let layer, _) = key, layer > 0 {
                state.nodes[number]?.aliases.append(key)
            } else if state.numbers[key] == number {
                state.numbers[key] = nil
            }
            state.numbers[node.key] = number
        }
    }

    /// The number of the file that a name leads to, if it is known.
    func known(_ file: OverlayFile, _ name: [UInt8], in parent: FileNumber) -> FileNumber? {
        state.withLock { $0.numbers[Self.key(file, name, parent)] }
    }

    /// The directory that a name leads to, if it is known.
    func directory(_ name: [UInt8], in parent: FileNumber) -> OverlayNode? {
        state.withLock { state in state.numbers[.directory(parent: parent, name: name)].flatMap { state.nodes[$0] } }
    }

    /// Runs `open`, which opens a handle of a file; who removes the file's last name meanwhile knows of it.
    ///
    /// Who only writes, and is alone, has no use for the kernel's cache. While there is such a writer nobody else may use
    /// it: a page that is read while it is written would stay as it was.
    func opening<Result>(
        _ number: FileNumber, _ flags: Int32, _ open: (HandleCaching) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        var caching = HandleCaching.cached
        update(number) { node in
            if flags & O_ACCMODE == O_WRONLY, node.directWriterCount > 0 || node.openCount == 0 {
                caching = .directWriter
                node.directWriterCount += 1
            } else if node.directWriterCount > 0 {
                caching = .direct
            }
            node.openCount += 1
        }
        do throws(Errno) {
            return try open(caching)
        } catch {
            closed(number, caching)
            throw error
        }
    }

    /// Takes note that a handle of a file is closed.
    func closed(_ number: FileNumber, _ caching: HandleCaching) {
        update(number) { node in
            node.openCount -= min(1, node.openCount)
            if caching == .directWriter { node.directWriterCount -= min(1, node.directWriterCount) }
        }
    }

    /// Takes note that a name no longer leads to a file.
    func removeKey(of number: FileNumber) {
        state.withLock { state in
            guard let node = state.nodes[number] else { return }
            for key in [node.key] + node.aliases where state.numbers[key] == number { state.numbers[key] = nil }
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
            guard let references = state.nodes[number]?.references else { return }
            state.nodes[number]?.references = references - min(count, references)
            if references <= count { state.discard([number]) }
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
    fileprivate mutating func refresh(_ file: OverlayFile, _ isWritable: Bool) {
        guard stack.isEmpty, type != .directory, !isWritable else { return }
        place = file.place
        data = file.data
    }

    /// Takes note of the name that led to the file last.
    mutating func add(_ name: Name) {
        guard stack.isEmpty, type != .directory, names.last != name else { return }
        names.removeAll { $0 == name }
        if names.count >= 64 { names.removeFirst() }
        names.append(name)
    }
}

extension OverlayNode {
    /// The directories that have names of it.
    fileprivate var parents: [FileNumber] {
        guard type == .directory else { return names.map(\.parent) }
        return number == .root ? [] : parent.map { [$0] } ?? []
    }

    fileprivate func hasSameParents(as other: OverlayNode) -> Bool { names == other.names && parent == other.parent }
}

extension OverlayNodes.State {
    /// Puts what is known of a file in the place of what was, and counts its names in their directories.
    fileprivate mutating func store(_ node: OverlayNode, insteadOf old: OverlayNode?) {
        nodes[node.number] = node
        if let old, node.hasSameParents(as: old) { return }
        for parent in node.parents { nodes[parent]?.nameCount += 1 }
        if let old { release(old.parents) }
    }

    /// Takes back what `store` counted.
    private mutating func release(_ parents: [FileNumber]) {
        for parent in parents { nodes[parent]?.nameCount -= 1 }
        discard(parents)
    }

    /// Forgets files without references, and with each the directories around it that nothing else is known of.
    fileprivate mutating func discard(_ numbers: [FileNumber]) {
        var waiting = numbers
        while let number = waiting.popLast() {
            guard number != .root, let node = nodes[number], node.references == 0, node.nameCount == 0 else { continue }
            nodes[number] = nil
            for key in [node.key] + node.aliases where self.numbers[key] == number { self.numbers[key] = nil }
            let parents = node.parents
            for parent in parents { nodes[parent]?.nameCount -= 1 }
            waiting += parents
        }
    }

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
