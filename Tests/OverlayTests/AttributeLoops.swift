// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import FileTree
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage
    import TestSupport
    import Testing

    /// What a change of attributes leaves when a system call fails.
    @Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct AttributeLoops {
        private static let mappedUser = FailingOverlay.Settings(marks: [.user, .overrideStat], recordsOverrides: true)
        /// An access control list: version 2, owner rw-, user 9 r--, group r--, mask r--, others ---.
        private static let list: [UInt8] =
            [2, 0, 0, 0] + [1, 0, 6, 0, 255, 255, 255, 255] + [2, 0, 4, 0, 9, 0, 0, 0]
            + [4, 0, 4, 0, 255, 255, 255, 255] + [16, 0, 4, 0, 255, 255, 255, 255] + [32, 0, 0, 0, 255, 255, 255, 255]

        private static func several(_ path: String) -> @Sendable (Place) throws -> Void {
            {
                try $0.set(path) { changes in
                    changes.permissions = 0o4751
                    (changes.uid, changes.gid) = (8, 9)
                    changes.accessTime = .at(Timestamp(seconds: 5, nanoseconds: 6))
                    changes.modificationTime = .at(Timestamp(seconds: 7, nanoseconds: 8))
                }
            }
        }

        static let cases: [FailureCase] = [
            FailureCase("mode of an upper file", .mode("d/g", 0o600)).after(.append("d/g", "1")),
            FailureCase("owner of an upper file", .owner("d/g", 9)).after(.append("d/g", "1")),
            FailureCase("times of an upper file") {
                try $0.set("d/g") { $0.modificationTime = .at(Timestamp(seconds: 7, nanoseconds: 8)) }
            }.after(.append("d/g", "1")),
            FailureCase("several attributes of a lower file", several("d/g")).inDepth,
            FailureCase("several attributes of an upper file", several("d/g")).after(.append("d/g", "1")),
            FailureCase("several attributes of a directory", several("d/sub")).after(.mode("d/sub", 0o700)),
            FailureCase("several attributes for a plain user", several("d/g")).after(.append("d/g", "1")).with {
                $0.settings = mappedUser
            },
            FailureCase("owner of an upper file for a plain user", .owner("d/g", 9)).after(.append("d/g", "1")).with {
                $0.settings = mappedUser
            },
            FailureCase("mode of a directory for a plain user", .mode("d/sub", 0o500)).with {
                $0.settings = mappedUser
            },
            FailureCase("length and mode") {
                try $0.set("d/g") { (changes: inout AttributeChanges) in
                    (changes.size, changes.permissions) = (2, 0o600)
                }
            }.after(.append("d/g", "1")),
            FailureCase("length, owner and times of a lower file") {
                try $0.set("d/g") { (changes: inout AttributeChanges) in
                    (changes.size, changes.uid) = (2, 5)
                    changes.modificationTime = .at(Timestamp(seconds: 7, nanoseconds: 8))
                }
            },
            FailureCase("owner, which takes bits away") {
                try $0.set("d/g") { (changes: inout AttributeChanges) in
                    (changes.uid, changes.privilegesDroppedBy) = (5, Caller(uid: 1, gid: 1, umask: 0))
                }
            }.after(.mode("d/g", 0o6777)),
            FailureCase("a write by somebody else takes bits away") { place in
                let fileSystem = try place.fileSystem()
                try fileSystem.dropPrivileges(
                    of: file("d/g", of: fileSystem).number, for: Caller(uid: 1, gid: 1, umask: 0))
            }.after(.mode("d/g", 0o6777)),
            FailureCase("an attribute of a lower file", .attribute("d/g", "1")).inDepth,
            FailureCase("an attribute of an upper file", .attribute("d/g", "1")).after(.append("d/g", "1")),
            FailureCase("an attribute of a symbolic link", .attribute("d/s", "1")),
            FailureCase("another value of an attribute", .attribute("d/g", "22")).after(.attribute("d/g", "1")),
            FailureCase("an attribute less", .removeAttribute("d/g")).after(.attribute("d/g", "1")),
            FailureCase("a lower file's attribute less") { place in
                let fileSystem = try place.fileSystem()
                try fileSystem.removeXattr(Array("user.a".utf8), of: file("d/g", of: fileSystem).number)
            },
            FailureCase("a list that takes a bit away") { place in
                let fileSystem = try place.fileSystem()
                try fileSystem.setXattr(
                    Array("system.posix_acl_access".utf8), of: file("d/g", of: fileSystem).number, to: list, flags: 0,
                    dropsSetGroupID: true)
            },
            FailureCase("a list of an upper file that takes a bit away") { place in
                let fileSystem = try place.fileSystem()
                try fileSystem.setXattr(
                    Array("system.posix_acl_access".utf8), of: file("d/g", of: fileSystem).number, to: list, flags: 0,
                    dropsSetGroupID: true)
            }.after(.append("d/g", "1")),
        ]

        @Test(arguments: cases) func `attributes change together or not at all`(_ failing: FailureCase) throws {
            try failing.run()
        }
    }
#endif
