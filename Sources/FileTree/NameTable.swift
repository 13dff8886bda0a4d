// SPDX-License-Identifier: Apache-2.0

/// Names of a growing tree and which directory holds which: a hash table over one arena of bytes.
///
/// Nodes are numbered from 0; the root has no name. Hashes are seeded anew in each process, so that no image can
/// choose names that collide.
struct NameTable {
    private struct Name {
        var start: Int
        var parent: UInt32
        var hash: UInt32
        var count: UInt16
    }

    private static let free = UInt32.max
    private static let deleted = UInt32.max - 1

    private var names: [Name] = [Name(start: 0, parent: .max, hash: 0, count: 0)]
    private var arena: [UInt8] = []
    private var slots = [UInt32](repeating: NameTable.free, count: 64)
    private var usedSlots = 0

    /// Nodes ever added, the root included.
    var count: Int { names.count }

    /// The bytes of a node's name.
    func name(of node: UInt32) -> ArraySlice<UInt8> {
        let name = names[Int(node)]
        return arena[name.start..<name.start + Int(name.count)]
    }

    /// The directory that holds a node.
    func parent(of node: UInt32) -> UInt32 { names[Int(node)].parent }

    /// The hash under which a name in a directory is kept.
    static func hash(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(parent)
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[name])) }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// The node of a name in a directory, if it is there.
    ///
    /// `hash` is that of `hash(_:_:in:)`.
    func find(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32) -> UInt32? {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != Self.free {
            let node = slots[slot]
            if node != Self.deleted, matches(node, bytes, name, parent, hash) { return node }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The node of a name in a directory, if it is there.
    func find(_ name: ArraySlice<UInt8>, in parent: UInt32) -> UInt32? {
        let bytes = Array(name)
        return find(bytes, bytes.indices, in: parent, hash: Self.hash(bytes, bytes.indices, in: parent))
    }

    /// Adds a name that is not there and returns its node: the next number.
    mutating func add(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32) -> UInt32 {
        if usedSlots * 2 >= slots.count { rebuild() }
        let node = UInt32(names.count)
        names.append(Name(start: arena.count, parent: parent, hash: hash, count: UInt16(name.count)))
        arena.append(contentsOf: bytes[name])
        insert(node, hash)
        return node
    }

    /// Forgets a node's name; its number is not used again.
    mutating func remove(_ node: UInt32) {
        var slot = Int(names[Int(node)].hash) & (slots.count - 1)
        while slots[slot] != node {
            guard slots[slot] != Self.free else { return }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = Self.deleted
    }

    private func matches(
        _ node: UInt32, _ bytes: [UInt8], _ name: Range<Int>, _ parent: UInt32, _ hash: UInt32
    ) -> Bool {
        let candidate = names[Int(node)]
        guard candidate.hash == hash, candidate.parent == parent, Int(candidate.count) == name.count else {
            return false
        }
        var own = candidate.start
        for position in name {
            guard arena[own] == bytes[position] else { return false }
            own += 1
        }
        return true
    }

    private mutating func insert(_ node: UInt32, _ hash: UInt32) {
        var slot = Int(hash) & (slots.count - 1)
        while slots[slot] != Self.free { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = node
        usedSlots += 1
    }

    private mutating func rebuild() {
        let live = slots.filter { $0 < Self.deleted }
        var capacity = 64
        while capacity < live.count * 4 { capacity *= 2 }
        slots = [UInt32](repeating: Self.free, count: capacity)
        usedSlots = 0
        for node in live { insert(node, names[Int(node)].hash) }
    }
}
