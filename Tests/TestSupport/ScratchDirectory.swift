// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
package import SystemPackage

/// A directory for the files of one test, removed with all it holds when its last owner goes away.
///
/// With `CIMG_KEEP_SCRATCH=1` in the environment it stays and its path is printed.
package final class ScratchDirectory: Sendable {
    /// The directory's absolute path.
    package let path: FilePath

    /// Makes a new empty directory below `$TMPDIR`, or `/tmp`.
    package convenience init() { self.init(below: ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp") }

    /// Makes a new empty directory in memory, for many small files that nobody needs for long; below `$TMPDIR` where
    /// there is no such place.
    package static func inMemory() -> ScratchDirectory {
        access("/dev/shm", W_OK) == 0 ? ScratchDirectory(below: "/dev/shm") : ScratchDirectory()
    }

    private init(below base: String) {
        var template = Array("\(base)/cimg-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { preconditionFailure("cannot make a directory in \(base)") }
        path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    deinit {
        if ProcessInfo.processInfo.environment["CIMG_KEEP_SCRATCH"] == "1" {
            print("kept \(path)")
            return
        }
        if let parent = try? Descriptor.open(path.removingLastComponent(), O_RDONLY | O_DIRECTORY),
            (try? parent.removeTree(path.lastComponent?.string ?? "")) != nil
        {
            return
        }
        // rm walks trees of any depth, which FileManager does not; a directory of a user without the write bit needs
        // one more round.
        let script = "rm -rf -- \"$1\" 2>/dev/null || { chmod -R u+rwx -- \"$1\"; rm -rf -- \"$1\"; }"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh", path.string]
        try? process.run()
        process.waitUntilExit(atMost: 600)
    }

    /// The path of something in the directory; the name may hold slashes.
    package func path(_ name: String) -> FilePath { path.appending(name) }

    /// Writes a file, with the directories above it, and returns its path.
    @discardableResult
    package func file(_ name: String, _ content: some RawBytes = "", mode: Int = 0o644) -> FilePath {
        // Strings, as a `FilePath` checks its components slowly where names lie deep.
        let parent = name.lastIndex(of: "/").map { name[..<$0] } ?? ""
        directory(atPath: "\(path)/\(parent)")
        precondition(
            FileManager.default.createFile(
                atPath: "\(path)/\(name)", contents: Data(content.rawBytes), attributes: [.posixPermissions: mode]))
        return path(name)
    }

    /// Makes a directory, with those above it, and returns its path.
    @discardableResult
    package func directory(_ name: String) -> FilePath {
        directory(atPath: "\(path)/\(name)")
        return path(name)
    }

    private func directory(atPath path: String) {
        guard !FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            preconditionFailure("cannot make \(path): \(error)")
        }
    }
}
