// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport
import Testing
import TreeDiff

/// Comparisons by several threads: the same as by one.
@Suite(.timeLimit(.minutes(15))) struct ThreadTests {
    /// 20 directories of 200 files; what `edit` returns of a file's number is its content.
    private func tree(_ edit: (Int) -> String?) -> [MemoryEntry] {
        (0..<4000).compactMap { number in
            edit(number).map { .file("d\(number / 200)/e\(number / 50 % 4)/f\(number)", $0) }
        }
    }

    private func lines(
        _ left: any TreeSource, _ right: any TreeSource, threadCount: Int, stoppingAfter limit: Int = .max
    ) throws -> [String] {
        struct Enough: Error {}
        var lines: [String] = []
        let options = ComparisonOptions(threadCount: threadCount)
        do {
            try TreeComparison(left: left, right: right, options: options).forEachChange { change in
                lines.append("\(change.kind) \(Bytes.escaped(change.path))")
                if lines.count == limit { throw Enough() }
            }
        } catch is Enough {}
        return lines
    }

    @Test(.enabled(if: Requirements.root), arguments: [1, 2, 3, 16])
    func `many changes come in tree order`(threadCount: Int) throws {
        let old = tree { $0 % 3 == 0 ? nil : "\($0)" }
        let new = tree { $0 % 5 == 0 ? nil : $0 % 7 == 0 ? "new" : "\($0)" }
        for storage in [Storage.memory, .disk] {
            try storage.with(old) { left in
                try storage.with(new) { right in
                    let found = try lines(left, right, threadCount: threadCount)
                    #expect(found == (try lines(left, right, threadCount: 1)))
                    let expected = (0..<4000).count { number in
                        let (was, isThere) = (number % 3 != 0, number % 5 != 0)
                        return was != isThere || was && isThere && number % 7 == 0
                    }
                    #expect(found.count == expected)
                    let paths = found.map { $0.split(separator: " ")[1].split(separator: "/") }
                    #expect(zip(paths, paths.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
                }
            }
        }
    }

    @Test func `a reader that has seen enough ends the threads`() throws {
        let left = MemoryTree([])
        let right = MemoryTree(tree { "\($0)" })
        #expect(try lines(left, right, threadCount: 8, stoppingAfter: 3000).count == 3000)
        #expect(try lines(left, right, threadCount: 8).count == 4100)
    }

    @Test(arguments: [1, 8])
    func `an error comes after what lies before it and ends the comparison`(threadCount: Int) throws {
        struct Broken: Error {}
        let left = MemoryTree(tree { "\($0)" })
        let right = MemoryTree(
            tree { $0 == 0 || $0 == 3999 ? "other" : "\($0)" }, failures: ["d10/e2/f2100": Broken()])
        var found: [[UInt8]] = []
        let error = #expect(throws: TreeDiffError.self) {
            try TreeComparison(left: left, right: right, options: ComparisonOptions(threadCount: threadCount))
                .forEachChange { found.append($0.path) }
        }
        #expect(found == [Array("/d0/e0/f0".utf8)])
        #expect(error?.side == .right)
        #expect(error?.path == Array("/d10/e2/f2100".utf8))
        #expect(error?.cause is Broken)
    }
}
