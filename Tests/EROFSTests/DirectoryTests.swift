// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct DirectoryTests {
    private func names(_ image: EROFSImage, _ path: String, from cookie: UInt64 = 0) throws -> [String] {
        var names: [String] = []
        let directory = try #require(try image.find(path))
        try image.readDirectory(directory, from: cookie) { entry in
            names.append(Bytes.escaped(entry.name))
            return true
        }
        return names
    }

    @Test func `dots stand where they sort`() throws {
        var fixture = TreeFixture()
        for name in ["...", "..a", "..!", ".!", ".a", "!", "-", "a", "~"] { fixture.file(name, "") }
        let found = try names(ImageFixture(fixture).image(), "")
        #expect(found == ["!", "-", ".", ".!", "..", "..!", "...", "..a", ".a", "a", "~"])
    }

    @Test func `dot and dot-dot name the directory and its parent`() throws {
        var fixture = TreeFixture()
        fixture.directory("a")
        fixture.directory("a/b")
        let image = try ImageFixture(fixture).image()
        let inner = try #require(try image.find("a/b"))
        let outer = try #require(try image.find("a"))
        #expect(try image.find("a/b/.")?.number == inner.number)
        #expect(try image.find("a/b/..")?.number == outer.number)
        #expect(try image.find("a/..")?.number == image.rootNumber)
        #expect(try image.find("..")?.number == image.rootNumber)
    }

    @Test func `reading continues after any entry`() throws {
        let image = try ImageFixture.edge.get().image()
        for path in ["", "many", "bytes", "empty", "dir9", "names"] {
            let all = try names(image, path)
            let directory = try #require(try image.find(path))
            var cookies: [UInt64] = [0]
            try image.readDirectory(directory, from: 0) { entry in
                cookies.append(entry.nextCookie)
                return true
            }
            #expect(Set(cookies).count == cookies.count)
            for (index, cookie) in cookies.enumerated().striding(by: max(1, all.count / 50)) {
                #expect(try names(image, path, from: cookie) == Array(all[index...]))
            }
        }
    }

    @Test func `reading stops when told`() throws {
        let image = try ImageFixture.edge.get().image()
        var count = 0
        try image.readDirectory(try image.record(image.rootNumber), from: 0) { _ in
            count += 1
            return count < 3
        }
        #expect(count == 3)
    }

    @Test func `every name is found and no other`() throws {
        let image = try ImageFixture.edge.get().image()
        for path in ["", "many", "bytes", "names", "dir53"] {
            let directory = try #require(try image.find(path))
            try image.readDirectory(directory, from: 0) { entry in
                let found = try image.lookup(entry.name, in: directory)
                #expect(found == entry.number)
                for other in [Array(entry.name) + [1], Array(entry.name.dropLast()) + [0x2F]] {
                    let number = try other.withUnsafeBytes { try image.lookup($0, in: directory) }
                    #expect(number == nil)
                }
                return true
            }
        }
        #expect(
            try image.lookup(UnsafeRawBufferPointer(start: nil, count: 0), in: image.record(image.rootNumber)) == nil)
    }

    @Test func `a directory of a hundred thousand names answers lookups`() throws {
        var fixture = TreeFixture()
        fixture.directory("d")
        for index in 0..<100_000 { fixture.add("d/\(index)", Attributes(type: .fifo, permissions: 0o600)) }
        let image = try ImageFixture(fixture).image()
        let directory = try #require(try image.find("d"))
        for index in stride(from: 0, to: 100_000, by: 997) { #expect(try image.find("d/\(index)")?.type == .fifo) }
        #expect(try image.find("d/100000") == nil)
        var count = 0
        try image.readDirectory(directory, from: 0) { _ in
            count += 1
            return true
        }
        #expect(count == 100_002)
    }

    @Test func `made-up cookies and other types are errors`() throws {
        let image = try ImageFixture.edge.get().image()
        let directory = try #require(try image.find("dir9"))
        #expect(throws: EROFSError.self) { try image.readDirectory(directory, from: 5) { _ in true } }
        #expect(throws: EROFSError.self) { try image.readDirectory(directory, from: 12 * 11) { _ in true } }
        try image.readDirectory(directory, from: .max) { _ in
            Issue.record("there is no entry")
            return true
        }
        let file = try #require(try image.find("file1"))
        #expect(throws: EROFSError.self) { try image.readDirectory(file, from: 0) { _ in true } }
        #expect(throws: EROFSError.self) { try image.lookup(UnsafeRawBufferPointer(start: nil, count: 0), in: file) }
    }
}

extension Sequence {
    fileprivate func striding(by step: Int) -> [Element] {
        enumerated().filter { $0.offset % step == 0 }.map(\.element)
    }
}
