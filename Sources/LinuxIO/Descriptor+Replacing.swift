// SPDX-License-Identifier: Apache-2.0

package import Glibc
import SystemPackage

/// Files that get their name when they are whole.
extension Descriptor {
    /// What the names of files begin with that are being written, or were when somebody was killed.
    package static let unfinishedPrefix = ".cimg-"

    /// A name for a file that is being written, which nobody can know before.
    package static func unfinishedName() -> String {
        "\(unfinishedPrefix)\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    }

    /// Writes a file beside what has its name in this directory, brings it to the disk and puts it in that place.
    ///
    /// - Parameters:
    ///   - name: the file's name in this directory.
    ///   - mode: of the new file.
    ///   - write: fills the new file.
    /// - Throws: what `write` throws, or an `Errno`; what has the name is as it was then.
    package func replaceEntry(
        _ name: [UInt8], mode: mode_t, _ write: (Descriptor) throws -> Void
    ) throws {
        let temporary = Self.unfinishedName()
        let new = try openBeneath(temporary, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        do {
            try write(new)
            try new.synchronize()
            try rename(temporary, to: self, as: name, replacing: true)
        } catch {
            try? remove(temporary)  // What remains has a name that nothing reads.
            throw error
        }
    }
}
