// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15)))
struct MountPlaceTests {
    /// Two directories with a mountpoint of the same name each, on both of which something is mounted.
    private final class Pair {
        let scratch = ScratchDirectory()

        init() throws {
            for name in ["own/mnt", "other/mnt"] {
                scratch.directory(name)
                try Self.mount(named: name, on: Descriptor.open(scratch.path(name), O_RDONLY | O_DIRECTORY))
            }
        }

        deinit {
            for entry in (try? MountTable.read()) ?? [] where entry.path.starts(with: scratch.path.string.utf8) {
                try? MountPlace(entry.path).unmount(entry, lazily: true)
            }
        }

        static func mount(named source: String, on directory: Descriptor) throws {
            let context = try FileSystemContext(type: "tmpfs")
            try context.set("source", source)
            try Mounts.attach(context.mount([]), onto: directory)
        }

        func path(_ name: String) -> [UInt8] { Array(scratch.path(name).string.utf8) }

        func entry(_ name: String) throws -> MountEntry {
            try #require(try MountTable.read().last { $0.path == path(name) })
        }

        var sources: [String] {
            get throws {
                try MountTable.read().filter { $0.path.starts(with: path("")) }.map {
                    String(decoding: $0.source, as: UTF8.self)
                }
            }
        }
    }

    @Test(arguments: [false, true]) func `a swapped parent takes no other mount away`(lazily: Bool) throws {
        let pair = try Pair()
        let (entry, place) = (try pair.entry("own/mnt"), try MountPlace(pair.path("own/mnt")))
        // The path leads to the other mount now.
        try Descriptor.rename(pair.path("own"), to: pair.path("other"), flags: .exchange)
        try place.unmount(entry, lazily: lazily)
        #expect(try pair.sources == ["other/mnt"])
        // Whoever goes by the path finds another mount there and leaves it.
        let late = try MountPlace(pair.path("own/mnt"))
        #expect(throws: Errno.invalidArgument) { try late.unmount(entry, lazily: lazily) }
        #expect(throws: Errno.invalidArgument) { try late.openRoot(of: entry) }
        #expect(throws: Errno.invalidArgument) { try late.probe(entry, milliseconds: 1000) }
        #expect(try pair.sources == ["other/mnt"])
    }

    @Test func `a link in the place of a parent is not followed`() throws {
        let pair = try Pair()
        try Descriptor.rename(pair.path("own"), to: pair.path("moved"))
        #expect(symlink("other", pair.scratch.path("own").string) == 0)
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try MountPlace(pair.path("own/mnt")) }
        #expect(throws: Errno.invalidArgument) { try MountPlace(Array("/".utf8)) }
        #expect(throws: Errno.invalidArgument) { try MountPlace(Array("a/b".utf8)) }
    }

    @Test(arguments: [false, true]) func `the mount below another one stays`(lazily: Bool) throws {
        let pair = try Pair()
        let below = try pair.entry("own/mnt")
        try Pair.mount(named: "above", on: Descriptor.open(pair.scratch.path("own/mnt"), O_RDONLY | O_DIRECTORY))
        let above = try pair.entry("own/mnt")
        let place = try MountPlace(pair.path("own/mnt"))
        #expect(throws: Errno.invalidArgument) { try place.unmount(below, lazily: lazily) }
        try place.unmount(above, lazily: lazily)
        #expect(throws: Errno.invalidArgument) { try place.unmount(above, lazily: lazily) }
        #expect(try Set(pair.sources) == ["own/mnt", "other/mnt"])
    }

    @Test func `a mount in use is taken away lazily only`() throws {
        let pair = try Pair()
        let entry = try pair.entry("own/mnt")
        let place = try MountPlace(pair.path("own/mnt"))
        let user = try place.openRoot(of: entry)
        #expect(throws: Errno.resourceBusy) { try place.unmount(entry, lazily: false) }
        try place.unmount(entry, lazily: true)
        #expect(try pair.sources == ["other/mnt"])
        withExtendedLifetime(user) {}
    }

    @Test func `the place of a directory under a mount is found by the directory`() throws {
        let pair = try Pair()
        pair.scratch.directory("empty/mnt")
        let directory = try MountPoint.hold(pair.path("empty/mnt"))
        #expect(try MountPlace(under: directory).identity() == PlaceIdentity(of: directory))
        try Pair.mount(named: "late", on: directory)
        try Descriptor.rename(pair.path("empty"), to: pair.path("moved"))
        let seen = try MountPlace(under: directory).identity()
        #expect(try seen.mount == pair.entry("moved/mnt").identifier)
        #expect(seen.isMountRoot)
    }
}
