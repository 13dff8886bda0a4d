// SPDX-License-Identifier: Apache-2.0

import Console
import Engines
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Hands an image to an engine, as an archive that its own program loads: what an engine keeps only it may change.
struct EngineLoad {
    private let program: String
    private let name: String
    private let transport: String

    /// Prepares it.
    ///
    /// - Parameters:
    ///   - kind: the engine.
    ///   - name: what the image shall be called there.
    /// - Throws: `CommandError`: no such name, or an engine that is not handed images.
    init(_ kind: EngineKind, name: String) throws {
        let reference = try Reference(parsing: name).withDefaultTag
        guard reference.digest == nil else {
            throw CommandError("\"\(name.printable)\": a digest cannot be given to what is copied; give a tag")
        }
        switch kind {
        case .docker:
            // Its daemon reads the archive of `docker save`; digests of layers as they came are not kept in it.
            (program, transport) = ("docker", "docker-archive")
            self.name = "\(reference)"
        case .podman:
            (program, transport) = ("podman", "oci-archive")
            self.name = "\(reference)"
        case .containerd, .process:
            throw CommandError(
                "\(kind.rawValue): images cannot be copied there; write an archive (oci-archive:FILE) for "
                    + "\"ctr images import FILE\"")
        }
    }

    /// Loads what a closure writes.
    ///
    /// - Parameter write: copies the image to the place that it is given.
    /// - Throws: what the closure throws, or a `CommandError` with the program's own words.
    func run(_ write: (String) throws -> ImageCopy.Result) throws -> ImageCopy.Result {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let file = folder.path.appending("image.tar")
        let result = try write("\(transport):\(file):\(name)")
        let (child, output) = try start(file)
        let words = try output.readToEnd()
        guard case .exit(0) = try child.wait() else {
            let text = String(decoding: words, as: UTF8.self).split(separator: "\n").last.map { "\($0)" } ?? "failed"
            throw CommandError("\(program) load: \(text.printable)")
        }
        return result
    }

    /// Starts the engine's program; only it holds the other end of the pipe, so that its end is seen.
    private func start(_ file: FilePath) throws -> (ChildProcess, Descriptor) {
        let pipe = try Pipe()
        let arguments = [program, "load", "--quiet", "--input", file.string].map { Array($0.utf8) }
        let spawn = Spawn(program: program, arguments: arguments, errorOutput: pipe.writeEnd)
        let child = Result { () throws(Errno) in try spawn.start() }
        if case .failure(.noSuchFileOrDirectory) = child {
            throw CommandError(
                "\(program): is not installed here; write an archive (\(transport):FILE) and load it where it is")
        }
        return (try child.get(), pipe.readEnd)
    }
}

/// A directory for what is handed over, which nobody else may look into.
private struct TemporaryFolder {
    private let parent: Descriptor
    private let name: [UInt8]
    /// Its path.
    let path: FilePath

    init() throws {
        let place = Environment.path("TMPDIR") ?? "/var/tmp"
        let text = "cimg-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
        name = Array(text.utf8)
        path = place.appending(text)
        do {
            parent = try Self.make(name, in: place)
        } catch {
            throw CommandError(
                "\(place.string.printable): \(error); $TMPDIR names another place for what is handed over")
        }
    }

    private static func make(_ name: [UInt8], in place: FilePath) throws(Errno) -> Descriptor {
        let parent = try Descriptor.open(place, O_RDONLY | O_DIRECTORY)
        try parent.makeEntryDirectory(name, mode: 0o700)
        return parent
    }

    func remove() {
        // What is left in a directory for temporary files is removed with them.
        try? parent.removeTree(name)
    }
}
