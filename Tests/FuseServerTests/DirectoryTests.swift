// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@Suite(.serialized, .enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct DirectoryTests {
    @Test func `seekdir goes back to any place that telldir told`() throws {
        var fixture = TreeFixture()
        for index in 0..<2000 { fixture.file("name-\(index)", "") }
        let mount = try MountedFixture(fixture)
        let stream = try #require(opendir(mount.mountpoint))
        defer { closedir(stream) }
        var places: [(place: Int, name: String)] = []
        while true {
            let place = telldir(stream)
            guard let name = next(stream) else { break }
            places.append((place, name))
        }
        #expect(Set(places.map(\.name)).count == 2002)
        for index in stride(from: places.count - 1, through: 0, by: -37) + [0, 1, 2001, 700] {
            seekdir(stream, places[index].place)
            #expect(next(stream) == places[index].name)
            if index + 1 < places.count { #expect(next(stream) == places[index + 1].name) }
        }
        rewinddir(stream)
        #expect(next(stream) == places[0].name)
    }

    @Test func `a hundred thousand long names are all listed once`() throws {
        var fixture = TreeFixture()
        fixture.directory("d")
        let filling = String(repeating: "n", count: 30)
        for index in 0..<100_000 { fixture.symbolicLink("d/\(filling)\(index)", to: "\(index)") }
        let mount = try MountedFixture(fixture)
        for _ in 0..<2 {
            let stream = try #require(opendir(mount.path("d")))
            defer { closedir(stream) }
            var sum = 0
            var names = 0
            while let name = next(stream) {
                guard name.hasPrefix(filling) else { continue }
                names += 1
                sum += Int(name.dropFirst(30)) ?? 0
            }
            #expect(names == 100_000)
            #expect(sum == 4_999_950_000)
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: mount.path("d/\(filling)77777")) == "77777")
    }

    private func next(_ stream: OpaquePointer) -> String? {
        guard let entry = readdir(stream) else { return nil }
        return withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
