// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import OCI
import Synchronization
import TestSupport
import Testing
import TreeDiff

/// A root with one file `s` of some size that is zeros but for its runs; counts what is read of it.
private final class SparseTree: TreeSource {
    let size: UInt64
    let runs: [(offset: UInt64, bytes: [UInt8])]
    let knowsHoles: Bool
    private let count = Atomic<UInt64>(0)

    init(_ size: UInt64, _ runs: [(UInt64, [UInt8])] = [], knowsHoles: Bool = true) {
        (self.size, self.knowsHoles) = (size, knowsHoles)
        self.runs = runs.map { ($0.0, $0.1) }
    }

    var readByteCount: UInt64 { count.load(ordering: .relaxed) }

    var root: TreeNode { TreeNode(0) }

    func attributes(of node: TreeNode) -> Attributes {
        node == root
            ? Attributes(type: .directory, permissions: 0o755)
            : Attributes(type: .regular, permissions: 0o644, size: size)
    }

    func linkCount(of node: TreeNode) -> UInt32 { node == root ? 2 : 1 }

    func children(of directory: TreeNode) -> [TreeChild] {
        [TreeChild(name: Array("s".utf8), node: TreeNode(1), type: .regular)]
    }

    func contentDigest(of node: TreeNode) -> Digest? { nil }

    func subtreeDigest(of node: TreeNode) -> Digest? { nil }

    func nextData(of node: TreeNode, from offset: UInt64) -> NextData {
        guard knowsHoles else { return .unknown }
        for run in runs where run.offset + UInt64(run.bytes.count) > offset {
            return .run(max(run.offset, offset)..<run.offset + UInt64(run.bytes.count))
        }
        return .none
    }

    func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        guard offset < size else { return 0 }
        let wanted = Int(min(UInt64(buffer.count), size - offset))
        buffer[..<wanted].initializeMemory(as: UInt8.self, repeating: 0)
        for run in runs {
            let (start, end) = (
                max(run.offset, offset), min(run.offset + UInt64(run.bytes.count), offset + UInt64(wanted))
            )
            guard start < end else { continue }
            UnsafeMutableRawBufferPointer(rebasing: buffer[Int(start - offset)..<Int(end - offset)])
                .copyBytes(from: run.bytes[Int(start - run.offset)..<Int(end - run.offset)])
        }
        count.wrappingAdd(UInt64(wanted), ordering: .relaxed)
        return wanted
    }
}

@Suite(.timeLimit(.minutes(15))) struct SparseComparisonTests {
    private static let tebibyte: UInt64 = 1 << 40

    private func differ(_ left: any TreeSource, _ right: any TreeSource) throws -> Bool {
        var found: [Change] = []
        try TreeComparison(left: left, right: right, options: ComparisonOptions(fields: .content)).forEachChange {
            found.append($0)
        }
        return !found.isEmpty
    }

    @Test func `holes of a tebibyte are not read`() throws {
        let edges: [(UInt64, [UInt8])] = [(0, [1, 2]), (Self.tebibyte / 2, [3]), (Self.tebibyte - 1, [4])]
        let (left, right) = (SparseTree(Self.tebibyte, edges), SparseTree(Self.tebibyte, edges))
        #expect(try !differ(left, right))
        #expect(left.readByteCount < 1 << 20)
        #expect(right.readByteCount < 1 << 20)
        let empty = SparseTree(Self.tebibyte)
        #expect(try !differ(empty, SparseTree(Self.tebibyte)))
        #expect(empty.readByteCount < 1 << 20)
    }

    @Test(arguments: [1 << 20, (1 << 40) - 1] as [UInt64])
    func `a byte where the other has a hole is found`(offset: UInt64) throws {
        let (hole, data) = (SparseTree(Self.tebibyte), SparseTree(Self.tebibyte, [(offset, [1])]))
        #expect(try differ(hole, data))
        #expect(try differ(data, hole))
        // Zeros that are stored are no less zeros.
        #expect(try !differ(hole, SparseTree(Self.tebibyte, [(offset, [0])])))
    }

    @Test func `a side that does not know its holes is read`() throws {
        let size: UInt64 = 3 << 20
        let (left, right) = (SparseTree(size, knowsHoles: false), SparseTree(size))
        #expect(try !differ(left, right))
        #expect(left.readByteCount == size)
        #expect(try differ(SparseTree(size, [(size - 1, [1])], knowsHoles: false), right))
    }

    @Test(arguments: 0..<12) func `maps change nothing in the answer`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let size = UInt64.random(in: 1..<1 << 21, using: &random)
        func runs() -> [(UInt64, [UInt8])] {
            var runs: [(UInt64, [UInt8])] = []
            var position: UInt64 = 0
            while true {
                position += UInt64.random(in: 0..<300_000, using: &random)
                let count = UInt64.random(in: 1..<100_000, using: &random)
                guard position + count <= size else { return runs }
                let isZero = Bool.random(using: &random)
                runs.append((position, [UInt8](repeating: isZero ? 0 : 7, count: Int(count))))
                position += count
            }
        }
        func bytes(_ tree: SparseTree) -> [UInt8] {
            var bytes = [UInt8](repeating: 0, count: Int(size))
            _ = bytes.withUnsafeMutableBytes { tree.read(TreeNode(1), at: 0, into: $0) }
            return bytes
        }
        let first = runs()
        let left = SparseTree(size, first)
        for other in [runs(), first, first.filter { $0.1[0] != 0 }, Array(first.dropLast())] {
            let right = SparseTree(size, other)
            #expect(try differ(left, right) == (bytes(left) != bytes(right)))
        }
    }

    @Test func `holes of files on disk are not read`() throws {
        let (left, right) = (try DiskTree([.file("s", "start")]), try DiskTree([.file("s", "start")]))
        for disk in [left, right] {
            let number = open(disk.absolute(Array("s".utf8)), O_WRONLY)
            try #require(number >= 0)
            defer { close(number) }
            try #require(ftruncate(number, off_t(Self.tebibyte)) == 0)
            try #require(pwrite(number, "end", 3, off_t(Self.tebibyte) - 3) == 3)
        }
        #expect(try !differ(left.tree(), right.tree()))
        let number = open(right.absolute(Array("s".utf8)), O_WRONLY)
        defer { close(number) }
        try #require(pwrite(number, "x", 1, 3 << 30) == 1)
        #expect(try differ(left.tree(), right.tree()))
        withExtendedLifetime((left, right)) {}
    }

    /// A directory in each of its own two children, as no tree of cimg's has it.
    private final class Circle: TreeSource {
        let directoryLimit: UInt64? = 60
        let root = TreeNode(0)

        func attributes(of node: TreeNode) -> Attributes { Attributes(type: .directory, permissions: 0o755) }

        func linkCount(of node: TreeNode) -> UInt32 { 2 }

        func children(of directory: TreeNode) -> [TreeChild] {
            [0x61, 0x62].map { TreeChild(name: [$0], node: root, type: .directory) }
        }

        func contentDigest(of node: TreeNode) -> Digest? { nil }

        func subtreeDigest(of node: TreeNode) -> Digest? { nil }

        func read(_ node: TreeNode, at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) -> Int { 0 }
    }

    @Test(arguments: [1, 4]) func `a tree that goes in circles is an error`(threads: Int)
        throws
    {
        let options = ComparisonOptions(threadCount: threads)
        for (left, right) in [(Circle(), MemoryTree([])), (MemoryTree([]), Circle()), (Circle(), Circle())]
            as [(any TreeSource, any TreeSource)]
        {
            let error = #expect(throws: TreeDiffError.self) {
                try TreeComparison(left: left, right: right, options: options).forEachChange { _ in }
            }
            #expect((error?.cause as? CircularTree)?.limit == 60)
        }
    }
}
