// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import FileSystems
    import FileTree
    import Glibc
    import LinuxIO
    import Overlay
    import OverlayLayers
    import SystemPackage
    import TestSupport

    /// Layers and an upper that are made once, and what becomes of them when a change fails: the upper is copied for each
    /// run.
    final class FailingOverlay {
        /// How the overlays of a loop are mounted.
        struct Settings {
            var marks: OverlayMarkFormats = [.trusted]
            var bareSize: UInt64?
            var deferredSize: UInt64 = 4 << 20
            var recordsOverrides = false
            /// Whether the upper's file system is used as one that has no `RENAME_WHITEOUT`.
            var lacksWhiteouts = false
        }

        private let scratch = ScratchDirectory.inMemory()
        private let layers: [FilePath]
        private let settings: Settings
        private var count = 0
        /// What the files of the upper and of the work directory were when nothing failed.
        private var expected: Set<String>?

        /// Makes layers by scripts, the lowest first, and an upper by a script and then by changes.
        init(
            _ scripts: [String], upper script: String = "", changes: [Operation] = [], settings: Settings = Settings()
        ) throws {
            self.settings = settings
            let scratch = scratch
            layers = try scripts.enumerated().map { index, script in
                let path = scratch.directory("layer\(index)")
                try Shell.run(script, in: path)
                return path
            }.reversed()
            for name in ["first/upper", "first/work"] { _ = scratch.directory(name) }
            try Shell.run(script, in: scratch.path("first/upper"))
            let fileSystem = try mount("first")
            for operation in changes { try FileSystemTarget(fileSystem).attempt(operation) }
            fileSystem.finish()
        }

        /// An overlay in the old state.
        ///
        /// - Parameters:
        ///   - opened: paths of files that a program has open.
        ///   - isWarm: whether the kernel has looked at everything before.
        func place(opened: [String] = [], isWarm: Bool) throws -> Place {
            count += 1
            let name = "run\(count)"
            let copier = UpperCopy()
            for part in ["upper", "work"] {
                let source = try Descriptor.open(scratch.path("first/\(part)"), O_RDONLY | O_DIRECTORY)
                let target = try Descriptor.open(scratch.directory("\(name)/\(part)"), O_RDONLY | O_DIRECTORY)
                try copier.copy(source, to: target)
            }
            let place = Place(name, of: self, try mount(name))
            if isWarm { _ = try shownLines(place.fileSystem()) }
            for path in opened {
                let number = try file(path, of: place.fileSystem()).number
                place.opened.append((number, try place.fileSystem().open(number, flags: O_RDONLY)))
            }
            return place
        }

        fileprivate func mount(_ name: String) throws -> OverlayFileSystem {
            var upper = OverlayUpper(
                directory: try Descriptor.open(scratch.path("\(name)/upper"), O_RDONLY | O_DIRECTORY),
                work: try Descriptor.open(scratch.path("\(name)/work"), O_RDONLY | O_DIRECTORY),
                redirectsDirectories: true, bareSize: settings.bareSize, deferredSize: settings.deferredSize,
                recordsOverrides: settings.recordsOverrides)
            upper.hasWhiteoutRenames = !settings.lacksWhiteouts
            return try OverlayFileSystem(
                layers.map { .directory(try Descriptor.open($0, O_RDONLY | O_DIRECTORY)) }, upper: upper,
                options: OverlayOptions(marks: settings.marks)
            ) { _ in }
        }

        /// What an overlay shows, and what one shows that is mounted over the same upper now.
        func shown(_ place: Place) throws -> Shown {
            let fileSystem = try place.fileSystem()
            // What is written to a copy that is not whole yet is seen here, and not by a new mount.
            if settings.deferredSize < 1 << 20 {
                _ = try? fileSystem.ownXattr(OwnAttribute.finished, of: .root, isOwner: true)
            }
            var shown = Shown(lines: try shownLines(fileSystem))
            for (number, handle) in place.opened {
                let attributes = try fileSystem.attributes(of: number)
                let content = try contentHash(number, handle, attributes.size, of: fileSystem)
                shown.opened.append("\(attributes.size) \(attributes.linkCount) \(content)")
            }
            let work = try Descriptor.open(scratch.path("\(place.name)/work"), O_RDONLY | O_DIRECTORY)
            // A new mount removes what is left: it shall not find it.
            try work.rename("work", to: work, as: "used")
            let lines = try shownLines(mount(place.name))
            try work.removeEntry(Array("work".utf8), isDirectory: true)
            try work.rename("used", to: work, as: "work")
            if lines != shown.lines { shown.mountedAnew = lines }
            return shown
        }

        /// What of the upper's files is not as it was when nothing failed, and what is left in the work directory.
        func leftovers(_ place: Place) throws -> [String] {
            let top = try Descriptor.open(scratch.path(place.name), O_RDONLY | O_DIRECTORY)
            let found = Set(try files(in: top))
            guard let expected else {
                expected = found
                return found.filter { $0.hasPrefix("work/work/") }
            }
            // A whiteout of nothing hides nothing; one that hides something is seen.
            let tooMuch = found.subtracting(expected).filter { $0.hasPrefix("work/") || !$0.hasSuffix(" 20000 1 0") }
            return tooMuch.map { "\($0) (too much)" } + expected.subtracting(found).map { "\($0) (missing)" }
        }

        /// Makes a loop of a change.
        ///
        /// - Parameters:
        ///   - opened: paths of files that a program has open.
        ///   - isWarm: whether the kernel has looked at everything before.
        func loop(
            _ name: String, opened: [String] = [], isWarm: Bool = true, _ change: @escaping (Place) throws -> Void
        ) -> FailureLoop<Place, Shown> {
            var loop = FailureLoop(
                name, make: { try self.place(opened: opened, isWarm: isWarm) }, operation: change,
                state: { try self.shown($0) }, leftovers: { try self.leftovers($0) })
            loop.isRepeatable = false
            loop.includesLasting = false
            loop.release = { $0.release() }
            // As when nothing is asked of a mount for a while.
            loop.sweep = { try $0.fileSystem().rest() }
            loop.recover = loop.sweep
            return loop
        }
    }
#endif
