// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Where a report goes: a file that gets its name when it is whole, or standard output.
package enum OutputFile {
    /// Writes a report.
    ///
    /// - Parameters:
    ///   - bytes: the whole report.
    ///   - text: the path as the user wrote it; nil or `-` for standard output.
    package static func write(_ bytes: [UInt8], to text: String?) throws {
        guard let text, text != "-" else { return try StandardOutput.write(bytes) }
        let path = FilePath(RawArguments.bytes(of: text))
        do {
            guard let component = path.lastComponent else { throw Errno.isDirectory }
            let parent = path.removingLastComponent()
            let directory = try Descriptor.open(parent.isEmpty ? "." : parent, O_RDONLY | O_DIRECTORY)
            // What is not there is made; all else fails there.
            if let status = try? directory.entryStatus(component.bytes), status.st_mode & S_IFMT != S_IFREG {
                // A device or a pipe is written to, not replaced.
                let file = try directory.openEntry(component.bytes, O_WRONLY)
                return try file.write(bytes)
            }
            try directory.replaceEntry(component.bytes, mode: 0o644) { try $0.write(bytes) }
        } catch {
            throw CommandError("\"\(text.printable)\": cannot be written: \(error)")
        }
    }
}
