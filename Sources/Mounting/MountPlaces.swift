// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
package import LinuxIO
import OCI
import SystemPackage

/// Directories for mounts that the user names none for, below `/run/cimg` (root) or `$XDG_RUNTIME_DIR/cimg`; and mounts by
/// what is mounted.
package enum MountPlaces {
    private static let nameLimit = 64
    private static let attemptLimit = 10_000

    /// Makes a directory to mount on.
    ///
    /// - Parameter object: what is mounted, as the user called it: the directory's name is made of it.
    /// - Returns: its absolute path.
    /// - Throws: `MountError` where there is no place that only this user can change.
    package static func make(for object: String) throws -> [UInt8] {
        let (parent, path) = try folder()
        var name = ArgumentText.bytes(of: object).prefix(nameLimit).map { byte -> UInt8 in
            let isPlain =
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "._-".utf8.contains(byte)
            return isPlain ? byte : UInt8(ascii: "_")
        }
        if name.first == UInt8(ascii: ".") || name.isEmpty { name.insert(UInt8(ascii: "_"), at: 0) }
        for number in 1...attemptLimit {
            let candidate = number == 1 ? name : name + Array("-\(number)".utf8)
            do throws(Errno) {
                try parent.makeEntryDirectory(candidate, mode: 0o755)
                return path + [UInt8(ascii: "/")] + candidate
            } catch {
                guard error == .fileExists else { throw MountError(at: path, "\(error)") }
            }
        }
        throw MountError(at: path, "has \(attemptLimit) directories of that name; name the directory to mount on")
    }

    /// Removes a directory that `make(for:)` made, if it is one, and empty.
    package static func removeIfMade(_ path: [UInt8]) {
        // An empty directory more is no harm.
        guard let (parent, place) = try? folder(), path.starts(with: place + [UInt8(ascii: "/")]) else { return }
        let name = Array(path[(place.count + 1)...])
        guard !name.isEmpty, !name.contains(UInt8(ascii: "/")) else { return }
        // What has something in it again is somebody's.
        try? parent.removeEntry(name, isDirectory: true)
    }

    /// The directory that they lie in, made where it is missing.
    private static func folder() throws -> (Descriptor, path: [UInt8]) {
        guard let base = geteuid() == 0 ? "/run" : Environment.path("XDG_RUNTIME_DIR"), base.isAbsolute else {
            throw MountError("no directory to mount on is named, and XDG_RUNTIME_DIR names none for it")
        }
        let path = base.bytes + Array("/cimg".utf8)
        let name = Array("cimg".utf8)
        do throws(Errno) {
            let parent = try Descriptor.open(base, O_RDONLY | O_DIRECTORY)
            do throws(Errno) {
                try parent.makeEntryDirectory(name, mode: geteuid() == 0 ? 0o755 : 0o700)
            } catch {
                guard error == .fileExists else { throw error }
            }
            let folder = try parent.openBeneath(name, O_RDONLY | O_DIRECTORY)
            let status = try folder.status()
            guard status.st_uid == geteuid(), status.st_mode & 0o022 == 0 else { throw .notPermitted }
            return (folder, path)
        } catch {
            throw MountError(at: path, "\(error); name the directory to mount on")
        }
    }

    /// The mount that a user means: a directory that is mounted on, or what is mounted, where that is mounted once by this
    /// user.
    ///
    /// - Throws: `MountError` for what is neither, or mounted several times.
    package static func mount(named name: [UInt8]) throws -> MountEntry {
        do {
            return try Unmounting.mount(at: name)
        } catch {
            // What looks like a path is one.
            guard !name.isEmpty, name.first != UInt8(ascii: "/"), name.first != UInt8(ascii: ".") else { throw error }
            let user = geteuid()
            let mounts = try ListedMount.all().filter { mount in
                let isOwn = mount.entry.superOption("user_id").map { $0 == "\(user)" } ?? (user == 0)
                return isOwn && mount.isCalled(String(decoding: name, as: UTF8.self))
            }
            guard let first = mounts.first else { throw error }
            guard mounts.count == 1 else {
                let places = mounts.prefix(20).map { Bytes.escaped($0.entry.path) }.joined(separator: ", ")
                throw MountError("\"\(Bytes.escaped(name))\": is mounted \(mounts.count) times; name one of \(places)")
            }
            return first.entry
        }
    }
}

extension ListedMount {
    /// Whether what is mounted goes by a name: as the user called it, with `:latest` or without, with its digest, by its
    /// digest alone, or a container without its engine.
    fileprivate func isCalled(_ text: String) -> Bool {
        var names = [name, name + ":latest"]
        if name.hasSuffix(":latest") { names.append(String(name.dropLast(7))) }
        // A container is known without its engine too.
        for engine in ["podman:", "docker:", "containerd:"] where name.hasPrefix(engine) {
            names.append(String(name.dropFirst(engine.count)))
        }
        if let digest {
            names += names.map { "\($0)@\(digest)" } + [digest]
        }
        return names.contains(text)
    }
}
