// SPDX-License-Identifier: Apache-2.0

/// Which files of layers have no name left in the tree, which layer took the last one, and how.
package struct FlatteningJournal: Sendable {
    /// How a name vanished.
    package enum Manner: Hashable, Sendable {
        /// A whiteout of it or of a directory above it.
        case whiteout
        /// An opaque directory above it.
        case opaque
        /// Something else took its place, or that of a directory above it.
        case replaced
        /// It never had one: AUFS left it behind.
        case leftover
    }

    /// An entry of a layer.
    package struct Place: Hashable, Sendable {
        /// The layer: 0 is the base.
        package let layer: Int
        /// The entry's position in it.
        package let position: UInt64

        /// Makes a place.
        package init(layer: Int, position: UInt64) {
            self.layer = layer
            self.position = position
        }

        init(_ reference: FileReference) {
            layer = Int(reference.layer)
            position = reference.position
        }
    }

    /// How a file lost its last name.
    package struct Loss: Hashable, Sendable {
        /// The layer that took it: 0 is the base.
        package let layer: Int
        /// How.
        package let manner: Manner
        /// The file that has the name instead; nil for none, or a directory.
        package let successor: Place?
    }

    /// The files without a name, by the entry that brought each.
    package private(set) var losses: [Place: Loss] = [:]
    /// How many names each file has.
    private var nameCounts: [UInt32] = []

    /// Counts a name of a file.
    ///
    /// - Parameter reference: the file where it may have been without one.
    mutating func gain(_ file: UInt32, _ reference: FileReference?) {
        let index = Int(file)
        if nameCounts.count <= index {
            nameCounts.append(contentsOf: repeatElement(0, count: index + 1 - nameCounts.count))
        }
        if nameCounts[index] == 0, let reference { losses[Place(reference)] = nil }
        nameCounts[index] += 1
    }

    /// Takes a name from a file.
    mutating func lose(
        _ file: UInt32, _ reference: FileReference, in layer: UInt32, _ manner: Manner, _ successor: FileReference?
    ) {
        let index = Int(file)
        guard nameCounts.indices.contains(index), nameCounts[index] > 0 else { return }
        nameCounts[index] -= 1
        guard nameCounts[index] == 0 else { return }
        let own = successor.flatMap { $0 == .nobody || $0 == reference ? nil : Place($0) }
        losses[Place(reference)] = Loss(layer: Int(layer), manner: manner, successor: own)
    }

    /// Notes a file that comes without a name.
    mutating func leave(_ reference: FileReference, in layer: UInt32) {
        losses[Place(reference)] = Loss(layer: Int(layer), manner: .leftover, successor: nil)
    }
}
