// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import Synchronization
import SystemPackage

/// The files that the kernel knows of a passthrough, by number.
///
/// A node is kept as long as the kernel has references of it. Of the nodes' descriptors only so many are kept; a node
/// whose descriptor was given up is opened again by its name in its parent, and is stale if that name leads to another
/// file by then. Files in use are never given up.
final class PassthroughNodes: Sendable {
    private struct Node {
        var identity: FileIdentity
        var path: PathDescriptor?
        /// Where it was found last.
        var parent: FileNumber
        var name: [UInt8]
        var references: UInt64 = 0
        /// Open files of it: its descriptor stays.
        var uses = 0
        /// Whether it was asked for since the descriptor's turn to be given up came last.
        var isRecent = true
        /// Whether its number stands in the queue.
        var isQueued = false
    }

    private struct State {
        var nodes: [FileNumber: Node] = [:]
        var numbering: FileNumbering
        /// Nodes with a descriptor, the next to be given up first; some have none any more.
        var queue: [FileNumber] = []
        var head = 0
        var descriptorCount = 0
    }

    private let state: Mutex<State>
    private let root: PathDescriptor
    private let limit: Int

    /// Makes the table.
    ///
    /// - Parameter limit: how many descriptors it keeps, apart from those of files in use.
    init(root: PathDescriptor, identity: FileIdentity, limit: Int) {
        self.root = root
        self.limit = max(limit, 16)
        state = Mutex(State(numbering: FileNumbering(root: identity)))
    }

    /// The number of descriptors kept.
    var descriptorCount: Int { state.withLock { $0.descriptorCount } }

    /// The number of nodes.
    var count: Int { state.withLock { $0.nodes.count } }

    /// Adds a reference to the node of a file that was found.
    func enter(
        _ path: PathDescriptor, _ identity: FileIdentity, as name: [UInt8], in parent: FileNumber
    ) -> FileNumber {
        state.withLock { state in
            let number = state.numbering.number(of: identity) { candidate in
                state.nodes[candidate].map { $0.identity == identity } ?? true
            }
            guard number != .root else { return number }
            var node = state.nodes[number] ?? Node(identity: identity, path: nil, parent: parent, name: name)
            node.parent = parent
            node.name = name
            node.references &+= 1
            state.nodes[number] = node
            install(path, as: number, &state)
            return number
        }
    }

    /// The number that a file's entry in a listing shows; gives no reference.
    func shownNumber(of identity: FileIdentity) -> FileNumber {
        state.withLock { $0.numbering.number(of: identity) { _ in true } }
    }

    /// Takes references away.
    func forget(_ number: FileNumber, _ count: UInt64) {
        state.withLock { state in
            guard var node = state.nodes[number] else { return }
            node.references -= min(node.references, count)
            state.nodes[number] = node
            removeIfUnused(number, &state)
        }
    }

    /// Keeps a node's descriptor from being given up, until `endUse`.
    func beginUse(_ number: FileNumber) { state.withLock { $0.nodes[number]?.uses += 1 } }

    /// Ends what `beginUse` began.
    func endUse(_ number: FileNumber) {
        state.withLock { state in
            state.nodes[number]?.uses -= 1
            removeIfUnused(number, &state)
        }
    }

    /// Takes note of a file's new name, if it is known.
    func moved(_ identity: FileIdentity, to name: [UInt8], in parent: FileNumber) {
        state.withLock { state in
            let number = state.numbering.number(of: identity) { candidate in
                state.nodes[candidate].map { $0.identity == identity } ?? true
            }
            guard state.nodes[number] != nil else { return }
            state.nodes[number]?.name = name
            state.nodes[number]?.parent = parent
        }
    }

    /// Gives up all descriptors of files not in use.
    func releaseDescriptors() { state.withLock { giveUp(downTo: 0, &$0) } }

    /// The file of a number.
    ///
    /// - Throws: `.staleNFSFileHandle` (ESTALE) where it is not found again.
    func path(of number: FileNumber) throws(Errno) -> PathDescriptor {
        var missing: [(number: FileNumber, name: [UInt8], identity: FileIdentity)] = []
        var next = number
        var path: PathDescriptor?
        while path == nil {
            if next == .root {
                path = root
                break
            }
            let found = state.withLock { state in
                state.nodes[next]?.isRecent = true
                return state.nodes[next]
            }
            // As deep as a path can be: parents that changed meanwhile could form a circle.
            guard let found, missing.count < 4096 else { throw .staleNFSFileHandle }
            path = found.path
            if path == nil { missing.append((next, found.name, found.identity)) }
            next = found.parent
        }
        guard var path else { throw .staleNFSFileHandle }
        for step in missing.reversed() {
            do throws(Errno) {
                path = try path.child(step.name)
            } catch {
                throw error == .tooManyOpenFiles || error == .tooManyOpenFilesInSystem ? error : .staleNFSFileHandle
            }
            guard try FileIdentity(path.status()) == step.identity else { throw .staleNFSFileHandle }
            state.withLock { install(path, as: step.number, &$0) }
        }
        return path
    }

    private func install(_ path: PathDescriptor, as number: FileNumber, _ state: inout State) {
        guard let node = state.nodes[number] else { return }
        state.nodes[number]?.isRecent = true
        guard node.path == nil else { return }
        state.nodes[number]?.path = path
        state.descriptorCount += 1
        if !node.isQueued {
            state.nodes[number]?.isQueued = true
            state.queue.append(number)
        }
        giveUp(downTo: limit, &state)
    }

    /// Gives up descriptors in the order in which they came, but lets those pass once that were asked for meanwhile.
    private func giveUp(downTo count: Int, _ state: inout State) {
        // Each is looked at no more than twice.
        var turns = (state.queue.count - state.head) * 2
        while state.descriptorCount > count, turns > 0, state.head < state.queue.count {
            turns -= 1
            let number = state.queue[state.head]
            state.head += 1
            guard let node = state.nodes[number], node.path != nil else {
                state.nodes[number]?.isQueued = false
                continue
            }
            if node.isRecent || node.uses > 0 {
                state.nodes[number]?.isRecent = false
                state.queue.append(number)
            } else {
                state.nodes[number]?.path = nil
                state.nodes[number]?.isQueued = false
                state.descriptorCount -= 1
            }
        }
        if state.head > 1024, state.head * 2 > state.queue.count {
            state.queue.removeFirst(state.head)
            state.head = 0
        }
    }

    private func removeIfUnused(_ number: FileNumber, _ state: inout State) {
        guard let node = state.nodes[number], node.references == 0, node.uses <= 0 else { return }
        if node.path != nil { state.descriptorCount -= 1 }
        state.nodes[number] = nil
    }
}
