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

    /// A change of an overlay each of whose system calls is to fail.
    struct FailureCase: Sendable, CustomTestStringConvertible {
        let name: String
        /// Makes the upper, after it was made by `changes`.
        var upper = ""
        /// What was changed before.
        var changes: [Operation] = []
        var settings = FailingOverlay.Settings()
        /// What programs have open.
        var opened: [String] = []
        /// Whether all calls fail from one on, too.
        var isLasting = false
        /// Whether the same may be done twice.
        var isRepeated = false
        /// Whether the kernel has looked at everything before; else the lookups fail too.
        var isWarm = true
        /// What a program may be told besides the failure's own code.
        var answers: [Errno] = []
        let change: @Sendable (Place) throws -> Void

        init(_ name: String, _ change: @escaping @Sendable (Place) throws -> Void) {
            self.name = name
            self.change = change
        }

        /// A change by one call.
        init(_ name: String, _ operation: Operation) {
            self.init(name) { try $0.run(operation) }
        }

        var testDescription: String { name }

        func with(_ change: (inout FailureCase) -> Void) -> FailureCase {
            var result = self
            change(&result)
            return result
        }

        /// The case where all calls fail from one on, too, and nothing was looked at before.
        var inDepth: FailureCase {
            with { (failing: inout FailureCase) in (failing.isLasting, failing.isWarm) = (true, false) }
        }

        /// What `changes` have changed before.
        func after(_ changes: Operation...) -> FailureCase { with { $0.changes += changes } }

        /// Lets each call fail.
        func run() throws {
            let overlay = try FailingOverlay([Self.layer], upper: upper, changes: changes, settings: settings)
            var loop = overlay.loop(name, opened: opened, isWarm: isWarm, change)
            loop.includesLasting = isLasting
            loop.isRepeatable = isRepeated
            let answers = answers
            loop.tells = { error, code in "\(error)" == "\(code)" || answers.contains { "\(error)" == "\($0)" } }
            try loop.run()
        }

        /// What lies below the upper.
        static let layer = """
            mkdir -p d/sub e empty w/x; echo old >d/sub/f; echo two >d/g; chmod 2770 d/g; chown 3:4 d/g
            setfattr -n user.a -v 1 d/g; setfattr -n trusted.b -v 2 d/sub; ln -s target d/s; ln -s other d/t; ln d/t e/t; mkfifo d/p; mknod d/c c 1 3
            echo linked >d/h; ln d/h d/i; ln d/h e/j; head -c 70000 /dev/urandom >d/big; setcap cap_chown+ep d/big
            echo x >w/x/y; find . -exec touch -h -d @1000 {} +
            """
    }

    extension Place {
        /// Changes attributes.
        func set(_ path: String, _ change: (inout AttributeChanges) -> Void) throws {
            let fileSystem = try fileSystem()
            var changes = AttributeChanges()
            change(&changes)
            _ = try fileSystem.setAttributes(of: file(path, of: fileSystem).number, nil, to: changes)
        }

        /// Opens a file, and closes it again, as a program does that is told of what could not be written.
        func open(_ path: String, _ flags: Int32, _ use: (FileNumber, FileHandle) throws -> Void = { _, _ in }) throws {
            let fileSystem = try fileSystem()
            let number = try file(path, of: fileSystem).number
            let handle = try fileSystem.open(number, flags: flags)
            defer { fileSystem.close(handle, of: number) }
            try use(number, handle)
            try fileSystem.flush(number, handle)
        }

        /// Makes a file in a directory.
        func make(
            _ name: String, in directory: String, mode: UInt32, device: UInt64 = 0,
            for caller: Caller = Caller(uid: 5, gid: 6, umask: 0o027)
        ) throws {
            let fileSystem = try fileSystem()
            let parent = try directory.isEmpty ? FileNumber.root : file(directory, of: fileSystem).number
            let bytes = Array(name.utf8)
            switch FileTree.FileType(mode: mode) {
            case .directory: _ = try fileSystem.makeDirectory(bytes, in: parent, mode: mode & 0o7777, for: caller)
            case .symbolicLink: _ = try fileSystem.makeSymbolicLink(bytes, in: parent, to: [0x61], for: caller)
            case nil:
                let (made, handle) = try fileSystem.create(bytes, in: parent, mode: mode, flags: 2, for: caller)
                fileSystem.close(handle, of: made.number)
            default: _ = try fileSystem.makeNode(bytes, in: parent, mode: mode, device: device, for: caller)
            }
        }
    }
#endif
