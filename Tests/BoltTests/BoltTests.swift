// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import Bolt

/// Databases made page by page, whole and damaged; that ones of containerd's are read rightly is tested with containerd.
@Suite("bbolt databases", .timeLimit(.minutes(15)))
struct BoltTests {
    private typealias Builder = BoltBuilder

    /// Everything in a database, as lines of `key=value` with the buckets' names before them.
    private static func lines(_ bucket: BoltBucket, depth: Int = 8) throws(BoltError) -> [String] {
        var lines: [String] = []
        for (key, content) in try bucket.entries() {
            let key = String(decoding: key, as: UTF8.self)
            switch content {
            case .value(let value): lines.append("\(key)=\(String(decoding: value.prefix(20), as: UTF8.self))")
            case .bucket(let inner):
                if depth > 0 { lines += try self.lines(inner, depth: depth - 1).map { "\(key)/\($0)" } }
            }
        }
        return lines
    }

    private func lines(_ file: BoltFile) throws -> [String] {
        try file.read { (root) throws(BoltError) in try Self.lines(root) }
    }

    private func error(_ file: BoltFile) -> String? {
        do {
            _ = try lines(file)
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("values, buckets on pages of their own and in their record, branches and long values are found")
    func whole() throws {
        let long = String(repeating: "x", count: 9000)
        var builder = Builder([
            Builder.branch(3, [("a", 4), ("m", 5)]),
            Builder.leaf(4, [.value("a", "1"), .inline("b", [.value("c", "2"), .inline("d", [.value("e", "3")])])]),
            Builder.leaf(5, [.value("m", "4"), .bucket("n", page: 6)]),
            Builder.leaf(6, [.value("long", long), .value("o", "5")], overflow: 2),
        ])
        #expect(try lines(builder.file) == ["a=1", "b/c=2", "b/d/e=3", "m=4", "n/long=xxxxxxxxxxxxxxxxxxxx", "n/o=5"])
        try builder.file.read { (root) throws(BoltError) in
            #expect(try root.text("a") == "1")
            #expect(try root.text("m") == "4")
            #expect(try root.bucket("b")?.bucket("d")?.text("e") == "3")
            #expect(try root.bucket("n")?.value("long")?.count == 9000)
            for missing in ["", "A", "aa", "b", "n", "z"] { #expect(try root.value(missing) == nil) }
            for missing in ["a", "bb", "z"] { #expect(try root.bucket(missing) == nil) }
        }
        builder.bytes.removeLast(Builder.pageSize)
        #expect(error(builder.file) == "db: is damaged: page 6 is cut off")
    }

    @Test("keys are found in wide trees by halves, and buckets by the beginning of their names")
    func wide() throws {
        let names = (0..<300).map { number in
            "key-" + String(repeating: "0", count: 3 - "\(number)".count) + "\(number)"
        }
        let builder = Builder([
            Builder.branch(3, [(names[0], 4), (names[100], 6), (names[200], 5)]),
            Builder.leaf(4, names[..<100].map { .value($0, $0) }),
            Builder.leaf(5, names[200...].map { .value($0, $0) }),
            Builder.leaf(6, names[100..<200].map { .inline($0, [.value("a", $0)]) }, overflow: 1),
        ])
        try builder.file.read { (root) throws(BoltError) in
            for name in names[..<100] + names[200...] {
                #expect(try root.text(name) == name)
                #expect(try root.text(name + "x") == nil)
            }
            #expect(try root.bucket("key-150")?.text("a") == "key-150")
            let found = try root.bucketNames(startingWith: "key-1").map { String(decoding: $0, as: UTF8.self) }
            #expect(found == Array(names[100..<200]))
            #expect(try root.bucketNames(startingWith: "key-12").count == 10)
            #expect(try root.bucketNames(startingWith: "key-0").isEmpty)
            #expect(try root.bucketNames(startingWith: "z").isEmpty)
            #expect(try root.bucketNames(startingWith: "").count == 100)
        }
    }

    @Test("each walk has a budget of its own")
    func budgets() throws {
        let builder = Builder([Builder.leaf(3, (0..<60).map { .value("\($0 + 100)", "x") })])
        for _ in 0..<30 {
            try builder.file.read { (root) throws(BoltError) in
                for _ in 0..<1000 { #expect(try root.entries().count == 60) }
            }
        }
        let tooMuch = #expect(throws: BoltError.self) {
            try builder.file.read { (root) throws(BoltError) in
                for _ in 0..<20_000 { _ = try root.entries() }
            }
        }
        #expect(tooMuch?.description == "db: has more than 1000000 entries to read")
    }

    @Test("the newer meta that is whole counts")
    func metas() throws {
        var builder = Builder([Builder.leaf(3, [.value("state", "old")]), Builder.leaf(4, [.value("state", "new")])])
        builder.replace(page: 1, with: Builder.meta(1, transaction: 7, count: 100, root: 4))
        #expect(try lines(builder.file) == ["state=new"])
        builder.bytes[Builder.pageSize + 40] ^= 1
        #expect(try lines(builder.file) == ["state=old"])
        builder.bytes[Builder.pageSize + 40] ^= 1
        builder.bytes[40] ^= 1
        #expect(try lines(builder.file) == ["state=new"])
        builder.bytes[Builder.pageSize + 70] ^= 1
        #expect(error(builder.file) == "db: is no bbolt database, or both its metas are damaged")
    }

    @Test("what is no database is refused", arguments: [0, 1, 79, 80, 4096, 10000])
    func none(count: Int) {
        var builder = Builder()
        builder.bytes = [UInt8](repeating: 0xED, count: count)
        #expect(error(builder.file) == "db: is no bbolt database, or both its metas are damaged")
    }

    @Test("trees in a circle end, whichever way")
    func circles() {
        #expect(error(Builder([Builder.branch(3, [("a", 3)])]).file) == "db: is damaged: its tree is too deep")
        let wide = Builder([
            Builder.branch(3, (0..<200).map { ("\($0)", 4) }), Builder.branch(4, (0..<200).map { ("\($0)", 4) }),
        ])
        #expect(error(wide.file) == "db: is damaged: its tree is too deep")
        // Each of 200 buckets leads to all of them again.
        let buckets = Builder([Builder.leaf(3, (100..<200).map { .bucket("\($0)", page: 3) })])
        #expect(error(buckets.file) == "db: has more than 1000000 entries to read")
    }

    @Test("pages and elements outside of the file or of their page are refused")
    func outside() {
        #expect(
            error(Builder([Builder.branch(3, [("a", 100)])]).file) == "db: is damaged: page 100 is beyond its end")
        #expect(error(Builder([Builder.branch(3, [("a", 50)])]).file) == "db: is damaged: page 50 is cut off")
        #expect(error(Builder([Builder.branch(3, [("a", .max)])]).file)?.contains("is beyond its end") == true)
        #expect(
            error(Builder([Builder.branch(3, [("a", 2)])]).file) == "db: is damaged: a page of the tree is of kind 16")
        #expect(error(Builder([Builder.leaf(9, [])]).file) == "db: is damaged: page 3 has another number")
        #expect(
            error(Builder([Builder.leaf(3, [], overflow: 0xFFFF_FFFF)]).file) == "db: is damaged: page 3 is too large")
        for offset in [16 + 4, 16 + 8, 16 + 12] {
            var page = Builder.leaf(3, [.value("key", "value")])
            page[offset + 3] = 0xFF
            #expect(error(Builder([page]).file) == "db: is damaged: element 0 of a page lies outside of it")
        }
        var many = Builder.leaf(3, [.value("key", "value")])
        (many[10], many[11]) = (0xFF, 0xFF)
        #expect(error(Builder([many]).file)?.hasSuffix("of a page lies outside of it") == true)
        for value in [[], [1, 2, 3], [UInt8](repeating: 0, count: 15), [UInt8](repeating: 0, count: 20)] as [[UInt8]] {
            let page = Builder.leaf(3, [Builder.Element(key: "b", value: value, isBucket: true)])
            #expect(error(Builder([page]).file)?.hasPrefix("db: is damaged: ") == true)
        }
    }

    @Test(
        "what is changed while it is read is read again, whether it is copied or too large for that",
        arguments: [100, 1 << 40])
    func changing(pageCount: UInt64) throws {
        var builder = Builder([Builder.leaf(3, [.value("state", "old")]), Builder.leaf(4, [.value("state", "new")])])
        builder.replace(page: 0, with: Builder.meta(0, transaction: 2, count: pageCount))
        let old = builder.bytes
        builder.replace(page: 1, with: Builder.meta(1, transaction: 3, count: pageCount, root: 4))
        // The page of the old state is used again as soon as there is a newer one.
        builder.replace(page: 3, with: [0xFF])
        let new = builder.bytes
        for moment in 2...6 {
            let reads = Mutex(0)
            let file = Builder.file {
                reads.withLock {
                    $0 += 1; return $0
                } > moment ? new : old
            }
            let result = try lines(file)
            #expect(result == ["state=new"] || result == ["state=old"], "\(moment): \(result)")
            if moment < 4 { #expect(result == ["state=new"]) }
        }
    }

    @Test("what is changed without end is an error")
    func restless() {
        let builder = Builder([Builder.leaf(3, [.value("state", "old")])])
        let reads = Mutex(UInt64(0))
        let file = Builder.file {
            let count = reads.withLock {
                $0 += 1; return $0
            }
            var changed = builder
            changed.replace(page: 0, with: Builder.meta(0, transaction: 2 + count, count: 100))
            return changed.bytes
        }
        #expect(error(file) == "db: is changed again and again while it is read: try again later")
    }
}
