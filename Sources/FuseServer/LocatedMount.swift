// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
package import SystemPackage

/// A mount and the place at which it is: what is done to it is done to it and to nothing else.
package struct LocatedMount: Sendable {
    /// The mount as the mount table shows it.
    package let entry: MountEntry
    /// Where it is.
    package let place: MountPlace

    /// The place of a mount of the table.
    ///
    /// - Throws: the `Errno` of walking there without following symbolic links.
    package init(_ entry: MountEntry) throws(Errno) {
        self.entry = entry
        place = try MountPlace(entry.path)
    }

    /// The mount on a directory that is held.
    ///
    /// - Parameter directory: the directory under the mount.
    /// - Returns: nil where nothing is mounted on it.
    package init?(on directory: Descriptor) throws(Errno) {
        place = try MountPlace(under: directory)
        let seen = try place.identity()
        guard seen.isMountRoot, try seen != PlaceIdentity(of: directory),
            let entry = try MountTable.read().first(where: { $0.identifier == seen.mount })
        else { return nil }
        self.entry = entry
    }

    /// Whether it is still mounted, wherever.
    package var isMounted: Bool {
        get throws(Errno) {
            try MountTable.read().contains { $0.identifier == entry.identifier && $0.device == entry.device }
        }
    }

    /// Takes the mount away: by umount2(2), else through fusermount3(1), which unmounts what its caller mounted.
    ///
    /// fusermount3 finds the mountpoint by its name: it gets the name in the held directory, and looks the rest up itself. What it
    /// could be led to instead is another mount of the same user.
    /// - Throws: `Errno.resourceBusy`; `FuseError` for what fusermount3 says; else the `Errno` of umount2(2). Nothing is
    ///   thrown where somebody else was faster.
    package func detach(lazily: Bool) throws {
        do throws(Errno) {
            if !lazily, try isOnTopOfAnother {
                // Were it gone by the next call, that would mean the one below.
                guard try ProcessTable.users(of: [entry.identifier], limit: 1).isEmpty else { throw .resourceBusy }
                return try place.unmount(entry, lazily: true)
            }
            try place.unmount(entry, lazily: lazily)
        } catch .notPermitted {
            try detachThroughHelper(lazily: lazily)
        } catch {
            // Its server, or somebody else, may have been faster.
            guard try isMounted else { return }
            throw error
        }
    }

    /// Whether it is another user's and lies on the root of another mount, which that user could uncover at any time.
    private var isOnTopOfAnother: Bool {
        get throws(Errno) {
            guard let owner = entry.superOption("user_id"), owner != "\(geteuid())" else { return false }
            return try MountTable.read().contains { $0.identifier == entry.parent && $0.path == entry.path }
        }
    }

    private func detachThroughHelper(lazily: Bool) throws {
        let output: [UInt8]
        let ending: ChildProcess.Ending
        do {
            (output, ending) = try runHelper(lazily: lazily)
        } catch {
            throw FuseError("fusermount3: \(error)")
        }
        guard try ending != .exit(0) && isMounted else { return }
        let lines = output.split(separator: UInt8(ascii: "\n")).map { Bytes.escaped($0) }
        if lines.contains(where: { $0.hasSuffix("Device or resource busy") }) { throw Errno.resourceBusy }
        throw FuseError(lines.joined(separator: "; "))
    }

    private func runHelper(lazily: Bool) throws -> ([UInt8], ChildProcess.Ending) {
        let (child, output) = try startHelper(lazily: lazily)
        return (try output.readToEnd(), try child.wait())
    }

    /// Starts the program; only it holds the other end of its output's pipe.
    private func startHelper(lazily: Bool) throws -> (ChildProcess, Descriptor) {
        let pipe = try Pipe()
        let words = ["fusermount3", "-u"] + (lazily ? ["-z"] : []) + ["--"]
        var spawn = Spawn(
            program: words[0], arguments: words.map { Array($0.utf8) } + [place.name], errorOutput: pipe.writeEnd)
        spawn.workingDirectory = place.parent
        return (try spawn.start(), pipe.readEnd)
    }
}
