// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import LinuxIO
    import OCI
    import SystemPackage
    import TestSupport
    import Testing

    @testable import LayerStore

    /// Each system call of each operation that changes a store fails once, and from each on all of them do.
    @Suite(.timeLimit(.minutes(15))) struct FailureTests {
        /// What a store shows to its users.
        struct Shown: Equatable {
            /// Names with what they name, and every line of its tree.
            var images: [String: [String]]
            /// Whether something is there that nothing needs.
            var hasWaste: Bool
        }

        private static let image = ImageBuilder([
            LayerBuilder(.gzip) {
                $0.directory("etc", mode: 0o750, mtime: 10)
                $0.file("etc/hostname", "box\n", mode: 0o600, uid: 3, gid: 4, mtime: 20)
            },
            LayerBuilder(.none) {
                $0.whiteout("etc/old")
                $0.symlink("link", to: "etc/hostname")
            },
        ])
        private static let other = ImageBuilder(.zstd) { $0.file("other", "bytes") }

        private func loop(
            _ name: String, make: @escaping (StoreFixture) throws -> Void = { _ in },
            _ operation: @escaping (Store) throws -> Void
        ) -> FailureLoop<StoreFixture, Shown> {
            var loop = FailureLoop(
                name,
                make: {
                    let fixture = try StoreFixture()
                    try make(fixture)
                    return fixture
                },
                operation: { try operation(try Store($0.store.path)) },
                state: { try Self.shown($0) },
                leftovers: {
                    try $0.store.temporaryDirectory.entryNames().map { "tmp/" + String(decoding: $0, as: UTF8.self) }
                })
            // As the next writer does.
            loop.sweep = { TemporaryDirectory.sweep(try $0.store.temporaryDirectory) }
            return loop
        }

        private static func shown(_ fixture: StoreFixture) throws -> Shown {
            let store = try fixture.reopened()
            let problems = try store.fsck(repairs: false).problems
            guard problems.isEmpty else { throw StoreError(.damaged, "store", "\(problems)") }
            var images: [String: [String]] = [:]
            for reference in try store.references() {
                let image = try store.describe(reference.descriptor.digest)
                images[reference.name] = ["\(image.digest)"] + (try dumpTree(store.tree(of: image)))
            }
            let needed = try store.neededContent()
            var hasWaste = false
            for (directory, names) in [
                (store.blobs, needed.blobs), (store.layers, needed.layers), (store.trees, needed.trees),
            ] {
                for name in try directory.entryNames() {
                    guard let digest = Digest(hex: String(decoding: name, as: UTF8.self)) else { continue }
                    hasWaste = hasWaste || !names.contains(digest)
                }
            }
            return Shown(images: images, hasWaste: hasWaste)
        }

        @Test func `an image is imported whole or not at all`() throws {
            var loop = loop("import") { store in
                let stored = try store.add(Self.image.source, keepsBlobs: true)
                try store.setReference("app:1", to: stored.manifestDigest)
            }
            // What came in before the failure has no name yet; the next prune takes it.
            loop.ignoring = { Shown(images: $0.images, hasWaste: false) }
            try loop.run()
        }

        @Test func `an image is imported whole into a store that has another`() throws {
            var loop = loop("import beside another", make: { try $0.add(Self.other, "other:1") }) { store in
                let stored = try store.add(Self.image.source, keepsBlobs: true)
                try store.setReference("app:1", to: stored.manifestDigest)
            }
            loop.ignoring = { Shown(images: $0.images, hasWaste: false) }
            try loop.run()
        }

        @Test func `a store is made whole or not at all`() throws {
            let loop = FailureLoop(
                "new store", make: { ScratchDirectory() }, operation: { _ = try Store($0.path("a/store")) },
                state: { place in
                    // A store that is half made becomes one when it is opened.
                    guard fileExists(place.path("a/store/oci-layout")) else { return "none" }
                    return try Store(place.path("a/store")).references().isEmpty ? "empty" : "not empty"
                })
            try loop.run()
        }

        @Test func `prune takes what nothing needs and nothing else`() throws {
            let loop = loop(
                "prune",
                make: {
                    try $0.add(Self.image, "app:1")
                    try $0.add(Self.other)
                }
            ) { _ = try $0.prune() }
            try loop.run()
        }

        @Test func `a name is given or not`() throws {
            let loop = loop("tag", make: { try $0.add(Self.image, "app:1") }) {
                try $0.setReference("app:2", to: Self.image.digest)
            }
            try loop.run()
        }

        @Test func `a name moves or stays`() throws {
            let loop = loop(
                "tag again",
                make: {
                    try $0.add(Self.image, "app:1")
                    try $0.add(Self.other, "other:1")
                }
            ) { try $0.setReference("app:1", to: Self.other.digest) }
            try loop.run()
        }

        @Test func `a name is taken away or not`() throws {
            let loop = loop("rm", make: { try $0.add(Self.image, "app:1") }) { store in
                _ = try store.removeReference("app:1")
            }
            try loop.run()
        }

        @Test func `what is brought to the disk is the same before and after`() throws {
            let loop = loop(
                "settle", make: { try $0.add(Self.image, "app:1") }
            ) { try $0.settle() }
            try loop.run()
        }
    }
#endif
