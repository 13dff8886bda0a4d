// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Whether a file is the same in two trees, as far as a layer can tell.
struct FileComparison {
    private static let pieceByteCount = 64 << 10

    let below: any TreeSource
    let whole: any TreeSource

    /// A file's metadata without what belongs to the machine that it lies on.
    static func portable(_ attributes: Attributes) -> Attributes {
        var result = attributes
        result.xattrs.removeAll { attribute in
            !MachineAttributes.isOfFile(attribute.name) || attribute.name.elementsEqual("security.ima".utf8)
        }
        for index in result.xattrs.indices where result.xattrs[index].name.elementsEqual("security.capability".utf8) {
            result.xattrs[index].value = withoutNamespace(result.xattrs[index].value)
        }
        if result.type == .symbolicLink { result.permissions = 0o777 }
        return result
    }

    /// File capabilities of a user namespace's root as those of any root (version 3 as version 2).
    private static func withoutNamespace(_ value: [UInt8]) -> [UInt8] {
        guard value.count == 24, value[3] == 3, value[20...].allSatisfy({ $0 == 0 }) else { return value }
        return Array(value[..<3]) + [2] + value[4..<20]
    }

    /// Whether two files that are no directories have the same metadata and bytes.
    func areEqual(_ lower: TreeNode, _ upper: TreeNode) throws -> Bool {
        let (first, second) = (
            Self.portable(try below.attributes(of: lower)), Self.portable(try whole.attributes(of: upper))
        )
        guard first == second else { return false }
        guard first.type == .regular, first.size > 0 else { return true }
        if let one = try below.contentDigest(of: lower), let other = try whole.contentDigest(of: upper) {
            return one == other
        }
        return try haveEqualBytes(lower, upper, size: first.size)
    }

    private func haveEqualBytes(_ lower: TreeNode, _ upper: TreeNode, size: UInt64) throws -> Bool {
        var (first, second) = (
            [UInt8](repeating: 0, count: Self.pieceByteCount), [UInt8](repeating: 0, count: Self.pieceByteCount)
        )
        var offset: UInt64 = 0
        while offset < size {
            let one = try fill(&first, from: below, lower, offset)
            let other = try fill(&second, from: whole, upper, offset)
            guard one == other, one > 0, first[..<one] == second[..<other] else { return one == 0 && other == 0 }
            offset += UInt64(one)
        }
        return true
    }

    private func fill(
        _ piece: inout [UInt8], from tree: any TreeSource, _ node: TreeNode, _ offset: UInt64
    ) throws -> Int {
        var done = 0
        while done < piece.count {
            let count = try piece.withUnsafeMutableBytes {
                try tree.read(
                    node, at: offset + UInt64(done), into: UnsafeMutableRawBufferPointer(rebasing: $0[done...]))
            }
            if count == 0 { break }
            done += count
        }
        return done
    }
}
