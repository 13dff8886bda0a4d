// SPDX-License-Identifier: Apache-2.0

/// Names of a growing tree and which directory holds which: a hash table over one arena of bytes.
///
/// Nodes are numbered from 0; the root has no name. Hashes are seeded anew in each process, so that no image can
/// choose names that collide.
package struct NameTable: Sendable {
    /// Twelve bytes: there is one for each file of an image.
    private struct Name: Sendable {
        var start: UInt32
        var parent: UInt32
        /// A part of the hash, which most names that are not the one looked for do not share.
        var mark: UInt16
        var count: UInt8
    }

    /// The most bytes that all names together may have.
    static let maximumByteCount = Int(UInt32.max)

    private static let free = UInt32.max

    private var names: [Name] = [Name(start: 0, parent: .max, mark: 0, count: 0)]
    /// The bytes of all names that were ever added.
    package private(set) var arena: [UInt8] = []
    private var slots = [UInt32](repeating: NameTable.free, count: 64)
    /// Names that can be found.
    private var usedSlots = 0

    /// A table with the root alone.
    package init() {}

    /// Nodes ever added, the root included.
    var count: Int { names.count }

    /// Where a node's name lies in `arena`.
    package func range(of node: UInt32) -> (start: UInt32, count: UInt8) {
        (names[Int(node)].start, names[Int(node)].count)
    }

    /// Whether a name of any length can be added.
    package var hasRoom: Bool { arena.count <= Self.maximumByteCount - Int(UInt8.max) }

    /// Makes room for so many names at once, so that no copy is made while they come.
    mutating func reserve(_ count: Int, byteCount: Int) {
        names.reserveCapacity(count + 1)
        arena.reserveCapacity(byteCount)
        if slots.count < Self.capacity(for: count) { rebuild(capacity: Self.capacity(for: count)) }
    }

    /// Gives the bytes of all names and forgets everything.
    package mutating func takeArena() -> [UInt8] {
        let taken = arena
        self = NameTable()
        return taken
    }

    /// Forgets which directory holds which name: nothing can be found any more.
    package mutating func forgetPlaces() { slots = [] }

    /// The directory that holds a node.
    package func parent(of node: UInt32) -> UInt32 { names[Int(node)].parent }

    /// The hash under which a name in a directory is kept.
    package static func hash(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(parent)
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[name])) }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    /// The node of a name in a directory, if it is there.
    ///
    /// `hash` is that of `hash(_:_:in:)`.
    package func find(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32) -> UInt32? {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != Self.free {
            let node = slots[slot]
            if matches(node, bytes, name, parent, hash) { return node }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The node of a name in a directory, if it is there.
    package func find(_ name: ArraySlice<UInt8>, in parent: UInt32) -> UInt32? {
        let bytes = Array(name)
        return find(bytes, bytes.indices, in: parent, hash: Self.hash(bytes, bytes.indices, in: parent))
    }

    /// Adds a name that is not there and returns its node: the next number.
    package mutating func add(_ bytes: [UInt8], _ name: Range<Int>, in parent: UInt32, hash: UInt32) -> UInt32 {
        if usedSlots >= slots.count / 4 * 3 { rebuild(capacity: Self.capacity(for: usedSlots)) }
        let node = UInt32(names.count)
        names.append(
            Name(
                start: UInt32(arena.count), parent: parent, mark: UInt16(truncatingIfNeeded: hash >> 16),
                count: UInt8(name.count)))
        arena.append(contentsOf: bytes[name])
        insert(node, hash)
        return node
    }

    /// Forgets a node's name; its number is not used again.
    ///
    /// What stands behind it moves up, so that names that came and went leave nothing to be searched through.
    package mutating func remove(_ node: UInt32) {
        let mask = slots.count - 1
        var gap = Int(hash(of: node)) & mask
        while slots[gap] != node {
            guard slots[gap] != Self.free else { return }
            gap = (gap + 1) & mask
        }
        usedSlots -= 1
        var slot = (gap + 1) & mask
        while slots[slot] != Self.free {
            // A name that is looked for from the gap, or from before it, would not be found behind it.
            let home = Int(hash(of: slots[slot])) & mask
            if (slot - home) & mask >= (slot - gap) & mask {
                slots[gap] = slots[slot]
                gap = slot
            }
            slot = (slot + 1) & mask
        }
        slots[gap] = Self.free
    }

    private func matches(
        _ node: UInt32, _ bytes: [UInt8], _ name: Range<Int>, _ parent: UInt32, _ hash: UInt32
    ) -> Bool {
        let candidate = names[Int(node)]
        guard candidate.mark == UInt16(truncatingIfNeeded: hash >> 16), candidate.parent == parent,
            Int(candidate.count) == name.count
        else { return false }
        var own = Int(candidate.start)
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

    /// Slots for so many names: at least eight for five, so that few stand in each other's way.
    private static func capacity(for count: Int) -> Int {
        var capacity = 64
        while capacity / 8 * 5 < count { capacity *= 2 }
        return capacity
    }

    private mutating func rebuild(capacity: Int) {
        let old = slots
        slots = [UInt32](repeating: Self.free, count: capacity)
        usedSlots = 0
        for node in old where node != Self.free { insert(node, hash(of: node)) }
    }

    private func hash(of node: UInt32) -> UInt32 {
        let name = names[Int(node)]
        return Self.hash(arena, Int(name.start)..<Int(name.start) + Int(name.count), in: name.parent)
    }
}
