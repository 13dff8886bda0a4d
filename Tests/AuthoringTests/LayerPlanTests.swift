// SPDX-License-Identifier: Apache-2.0

import Authoring
import FileTree
import TestSupport
import Testing

/// The entries of the layer between two trees.
@Suite(.timeLimit(.minutes(15))) struct LayerPlanTests {
    private static func plan(
        _ below: [MemoryEntry], _ whole: [MemoryEntry], _ options: LayerPlan.Options = LayerPlan.Options()
    ) throws -> [String] {
        let plan = try LayerPlan(below: MemoryTree(below), whole: MemoryTree(whole), options: options)
        return plan.items.map { item in
            switch item {
            case .file(let path, _, let attributes):
                "\(Bytes.escaped(path))\(attributes.type == .directory ? "/" : "") \(String(attributes.permissions, radix: 8))"
            case .link(let path, let target, _): "\(Bytes.escaped(path)) = \(Bytes.escaped(target))"
            case .whiteout(let path): Bytes.escaped(path)
            case .opaque(let path): "\(Bytes.escaped(path))/.wh..wh..opq"
            }
        }
    }

    private static let base: [MemoryEntry] = [
        .directory("a"), .directory("a/d", mode: 0o700), .file("a/d/x", "x"), .file("a/y", "y"), .file("z", "z"),
    ]

    @Test func `equal trees make no layer`() throws {
        #expect(try Self.plan(Self.base, Self.base) == [])
    }

    @Test func `what is added has all directories above it, with their own attributes, and never the root`() throws {
        #expect(try Self.plan(Self.base, Self.base + [.file("a/d/n", "n")]) == ["a/ 755", "a/d/ 700", "a/d/n 644"])
        let changed = Self.base + [MemoryEntry.directory("", mode: 0o711)]
        #expect(try Self.plan(Self.base, changed) == ["/ 711"])
    }

    @Test func `what is gone is taken away before the rest of its directory`() throws {
        let whole: [MemoryEntry] = [.directory("a"), .file("a/Z", "Z"), .file("z", "z")]
        #expect(try Self.plan(Self.base, whole) == ["a/ 755", "a/.wh.d", "a/.wh.y", "a/Z 644"])
        #expect(try Self.plan(Self.base, []) == [".wh.a", ".wh.z"])
    }

    @Test func `another type replaces without a whiteout`() throws {
        let whole: [MemoryEntry] = [
            .directory("a"), .file("a/d", "f"), .directory("a/y"), .file("a/y/n"), .file("z", "z"),
        ]
        #expect(try Self.plan(Self.base, whole) == ["a/ 755", "a/d 644", "a/y/ 755", "a/y/n 644"])
    }

    @Test func `content, metadata and attributes count, each alone`() throws {
        for (entry, line) in [
            (MemoryEntry.file("z", "Z"), "z 644"), (.file("z", "z", mode: 0o600), "z 600"),
            (.file("z", "z", uid: 1), "z 644"),
            (.file("z", "z", gid: 1), "z 644"), (.file("z", "z", mtime: 1), "z 644"),
            (.file("z", "z", xattrs: [("user.a", "1")]), "z 644"),
        ] {
            #expect(try Self.plan(Self.base, Self.base.dropLast() + [entry]) == [line])
        }
        #expect(
            try Self.plan(Self.base, Self.base.dropLast() + [.file("z", "z", xattrs: [("security.selinux", "x")])])
                == [])
    }

    @Test func `a marker is written where nothing of what is below shows`() throws {
        var options = LayerPlan.Options()
        options.opaque = .marker
        let whole: [MemoryEntry] = [.directory("a"), .file("a/n", "n"), .file("z", "z")]
        #expect(try Self.plan(Self.base, whole, options) == ["a/ 755", "a/.wh..wh..opq", "a/n 644"])
        let kept: [MemoryEntry] = [.directory("a"), .file("a/y", "y"), .file("z", "z")]
        #expect(try Self.plan(Self.base, kept, options) == ["a/ 755", "a/.wh.d"])
        let directory: [MemoryEntry] = [
            .directory("a"), .directory("a/d", mode: 0o755), .file("a/d/x", "x"), .file("z", "z"),
        ]
        #expect(try Self.plan(Self.base, directory, options) == ["a/ 755", "a/.wh.y", "a/d/ 755"])
    }

    @Test func `names of one file are written together or not at all`() throws {
        let linked: [MemoryEntry] = [.file("a", "1"), .hardLink("b", to: "a"), .file("c", "2")]
        // One more name: all are written.
        #expect(try Self.plan(linked, linked + [.hardLink("d", to: "a")]) == ["a 644", "b = a", "d = a"])
        // One name less: the others still are one file.
        #expect(try Self.plan(linked + [.hardLink("d", to: "a")], linked) == [".wh.d"])
        // Other content.
        let changed: [MemoryEntry] = [.file("a", "9"), .hardLink("b", to: "a"), .file("c", "2")]
        #expect(try Self.plan(linked, changed) == ["a 644", "b = a"])
        // The names are parted, with the same content: one of them is written.
        #expect(try Self.plan(linked, [.file("a", "1"), .file("b", "1"), .file("c", "2")]) == ["b 644"])
        // Two files become one.
        #expect(
            try Self.plan([.file("a", "1"), .file("b", "1")], [.file("a", "1"), .hardLink("b", to: "a")]) == [
                "a 644", "b = a",
            ])
        // A name in a directory that is equal otherwise.
        let deep: [MemoryEntry] = [.directory("d"), .file("d/a", "1"), .hardLink("z", to: "d/a")]
        #expect(
            try Self.plan(
                deep, [.directory("d"), .file("d/a", "1"), .hardLink("y", to: "d/a"), .hardLink("z", to: "d/a")])
                == ["d/ 755", "d/a 644", "y = d/a", "z = d/a"])
    }

    @Test func `sockets are left out, and take away what is below`() throws {
        let plan = try LayerPlan(
            below: MemoryTree([.file("s", "x")]), whole: MemoryTree([.special("s", .socket), .special("t", .socket)]))
        #expect(plan.socketCount == 2)
        #expect(plan.items.count == 1)
    }

    @Test func `what no layer can say is refused`() {
        for (entry, reason) in [
            (MemoryEntry.file(".wh.x"), "\"/.wh.x\": begins with \".wh.\", which is a whiteout in a layer"),
            (
                .special("c", .characterDevice),
                "\"/c\": is a character device 0:0, which is a whiteout to every overlay"
            ),
            (
                .file("e", xattrs: [("user.e", "")]),
                "\"/e\": its attribute user.e has no value, which a tar cannot hold"
            ),
        ] {
            let error = #expect(throws: AuthoringError.self) { try Self.plan([], [entry]) }
            #expect(error?.description == reason)
        }
    }

    @Test func `times are cut to whole seconds, and to the latest`() throws {
        func time(_ seconds: Int64, _ options: LayerPlan.Options) throws -> Timestamp? {
            var entry = MemoryEntry.file("f", "x", mtime: seconds)
            entry.attributes.mtime.nanoseconds = 5
            let plan = try LayerPlan(below: MemoryTree([]), whole: MemoryTree([entry]), options: options)
            guard case .file(_, _, let attributes)? = plan.items.first else { return nil }
            return attributes.mtime
        }
        var options = LayerPlan.Options()
        #expect(try time(7, options) == Timestamp(seconds: 7))
        options.latest = 6
        #expect(try time(7, options) == Timestamp(seconds: 6))
        #expect(try time(5, options) == Timestamp(seconds: 5))
        options.cutsTimes = false
        #expect(try time(5, options) == Timestamp(seconds: 5, nanoseconds: 5))
    }
}
