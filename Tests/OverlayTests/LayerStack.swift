// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import Overlay
import OverlayLayers
import SystemPackage
import TestSupport

/// Layers made on disk by shell scripts, and the ways to look at them.
final class LayerStack {
    let scratch = ScratchDirectory()
    /// The layers' directories, the highest first.
    let paths: [FilePath]
    private var mounted: FilePath?

    /// Makes a layer of each script, the lowest first; a script runs in its layer's empty directory.
    ///
    /// The lowest layer of all is empty: one alone is no overlay to the kernel.
    init(_ scripts: [String]) throws {
        let scratch = scratch
        paths = try ([""] + scripts).enumerated().map { index, script in
            let path = scratch.directory("l\(index)")
            try Shell.run(script, in: path)
            return path
        }.reversed()
        _ = scratch.directory("merged")
    }

    /// Ends what `mount` or `mountKernel` began.
    func unmount() throws {
        guard let path = mounted else { return }
        try Shell.run("umount \(path)", in: scratch.path)
        mounted = nil
    }

    deinit {
        if let mounted { _ = try? Shell.run("umount -l \(mounted)", in: scratch.path) }
    }

    /// The layers for an overlay, the highest first.
    func layers() throws -> [OverlayLayer] {
        try paths.map { .directory(try Descriptor.open($0, O_RDONLY | O_DIRECTORY)) }
    }

    /// Mounts kernel overlayfs over the same layers.
    func mountKernel(_ options: String = "redirect_dir=follow,metacopy=on") throws -> FilePath {
        let merged = scratch.path("merged")
        let lower = paths.map(\.string).joined(separator: ":")
        let extra = options.isEmpty ? "" : ",\(options)"
        try mount("lowerdir=\(lower)\(extra)", at: merged)
        return merged
    }

    /// Mounts kernel overlayfs until the stack goes away.
    func mount(_ options: String, at path: FilePath) throws {
        try Shell.run("mount -t overlay overlay -o \(options) \(path)", in: scratch.path)
        mounted = path
    }
}

/// Commands for building what tests look at.
enum Shell {
    /// Runs a script, which must succeed, and gives what it printed.
    @discardableResult
    static func run(_ script: String, in directory: FilePath) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-e", "-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: directory.string)
        let output = Foundation.Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit(atMost: 600)
        guard process.terminationStatus == 0 else { throw ShellError(text: "\(script): \(text)") }
        return text
    }
}

/// A script that failed.
struct ShellError: Error, CustomStringConvertible {
    let text: String

    var description: String { text }
}
