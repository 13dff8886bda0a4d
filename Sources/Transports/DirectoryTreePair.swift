// SPDX-License-Identifier: Apache-2.0

package import FileTree
import LinuxIO
import Synchronization
import SystemPackage

extension DirectoryTree {
    package func paired(
        _ directory: TreeNode, with other: any TreeSource, _ otherDirectory: TreeNode, comparesTimes: Bool
    ) -> (any PairedDirectories)? {
        guard let other = other as? DirectoryTree else { return nil }
        return try? DirectoryTreePair(  // Then they are read each by itself, and that tells.
            DirectoryTreePair.Side(nodes, directory), DirectoryTreePair.Side(other.nodes, otherDirectory),
            comparesTimes: comparesTimes)
    }
}

/// Two directories on disk side by side.
///
/// Files that are the same in both are never numbered: what is told of the others is as of when they are reached.
final class DirectoryTreePair: PairedDirectories {
    /// A directory of one of the trees.
    struct Side {
        let nodes: DirectoryTreeNodes
        let directory: TreeNode

        init(_ nodes: DirectoryTreeNodes, _ directory: TreeNode) {
            (self.nodes, self.directory) = (nodes, directory)
        }
    }

    /// Positions of a name in both listings; one of them is `absent` where only the other directory has it.
    private struct Match {
        static let absent = UInt32.max
        let left: UInt32
        let right: UInt32
    }

    /// Pairs that keep their directories open; others open them again for each part.
    private static let openLimit = 64
    private static let openCount = Atomic<Int>(0)

    private let left: Side
    private let right: Side
    private let comparesTimes: Bool
    private let leftNames: DirectoryNames
    private let rightNames: DirectoryNames
    private let matches: [Match]
    private let kept: (left: Descriptor, right: Descriptor)?

    /// Lists two directories.
    ///
    /// - Throws: what listing them does.
    init(_ left: Side, _ right: Side, comparesTimes: Bool) throws {
        (self.left, self.right, self.comparesTimes) = (left, right, comparesTimes)
        let directories = (
            left: try left.nodes.openForListing(left.directory),
            right: try right.nodes.openForListing(right.directory)
        )
        leftNames = try DirectoryNames(listing: directories.left)
        rightNames = try DirectoryNames(listing: directories.right)
        matches = Self.matches(leftNames, rightNames)
        let isKept = Self.openCount.wrappingAdd(1, ordering: .relaxed).newValue <= Self.openLimit
        kept = isKept ? directories : nil
        if !isKept { Self.openCount.wrappingSubtract(1, ordering: .relaxed) }
    }

    deinit {
        if kept != nil { Self.openCount.wrappingSubtract(1, ordering: .relaxed) }
    }

    var count: Int { matches.count }

    func remaining(
        in range: Range<Int>, room: UnsafeMutableRawBufferPointer
    ) throws(PairFailure) -> (left: [TreeChild], right: [TreeChild]) {
        let leftDirectory = try opened(left, kept?.left, isRight: false)
        let rightDirectory = try opened(right, kept?.right, isRight: true)
        var ones: [[UInt8]] = []
        var others: [[UInt8]] = []
        let same = leftDirectory.flatMap { one in
            rightDirectory.map { SameFile(one, $0, comparesTimes: comparesTimes, room: room) }
        }
        leftNames.bytes.withUnsafeBytes { bytes in
            for match in matches[range] {
                guard match.right != Match.absent else {
                    ones.append(leftNames.name(of: leftNames.entries[Int(match.left)]))
                    continue
                }
                let other = rightNames.entries[Int(match.right)]
                if match.left != Match.absent, let base = bytes.baseAddress {
                    let entry = leftNames.entries[Int(match.left)]
                    let name = (base + Int(entry.start)).assumingMemoryBound(to: CChar.self)
                    if entry.typeNumber == other.typeNumber, same?.isSame(name, typeNumber: entry.typeNumber) == true {
                        continue
                    }
                    ones.append(leftNames.name(of: entry))
                }
                others.append(rightNames.name(of: other))
            }
        }
        return (
            try children(ones, left, leftDirectory, isRight: false),
            try children(others, right, rightDirectory, isRight: true)
        )
    }

    /// The descriptor of a side; nil for one that is gone by now, and all its names with it.
    private func opened(_ side: Side, _ kept: Descriptor?, isRight: Bool) throws(PairFailure) -> Descriptor? {
        do {
            return try kept ?? side.nodes.open(directory: side.directory)
        } catch is VanishedFile {
            return nil
        } catch {
            throw PairFailure(isRight: isRight, cause: error)
        }
    }

    private func children(
        _ names: [[UInt8]], _ side: Side, _ directory: Descriptor?, isRight: Bool
    ) throws(PairFailure) -> [TreeChild] {
        guard let directory else { return [] }
        do {
            return try side.nodes.children(names, of: side.directory, directory, areAll: false)
        } catch is VanishedFile {
            return []
        } catch {
            throw PairFailure(isRight: isRight, cause: error)
        }
    }

    private static func matches(_ left: DirectoryNames, _ right: DirectoryNames) -> [Match] {
        var matches: [Match] = []
        matches.reserveCapacity(max(left.entries.count, right.entries.count))
        left.bytes.withUnsafeBytes { leftBytes in
            right.bytes.withUnsafeBytes { rightBytes in
                var (one, two) = (0, 0)
                while one < left.entries.count || two < right.entries.count {
                    let order =
                        one == left.entries.count
                        ? 1
                        : two == right.entries.count
                            ? -1 : DirectoryNames.order(left.entries[one], leftBytes, right.entries[two], rightBytes)
                    // Positions fit: a name takes two bytes at least, and where it begins fits.
                    matches.append(
                        Match(
                            left: order <= 0 ? UInt32(truncatingIfNeeded: one) : Match.absent,
                            right: order >= 0 ? UInt32(truncatingIfNeeded: two) : Match.absent))
                    if order <= 0 { one += 1 }
                    if order >= 0 { two += 1 }
                }
            }
        }
        return matches
    }
}
