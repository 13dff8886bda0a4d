// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FileTree
import Glibc
import LayerStore
import LinuxIO
import OCI
import Overlay
import SystemPackage

/// Options of a mount that can be written to.
struct WritingOptions: ParsableArguments {
    @Flag(
        name: .customLong("rw"),
        help: "Let the mount be written to; the changes are discarded when it ends.")
    var isWritable = false

    @Option(
        help: ArgumentHelp(
            "With --rw: keep the changes in this directory, in the format of kernel overlayfs; its work directory is "
                + "DIR.work.", valueName: "dir"), completion: .directory)
    var upper: String?

    @Flag(help: "With --upper: mount it although it has the changes of another image.")
    var force = false

    /// Makes the options for the parser.
    init() {}

    /// The source of a directory that is mounted in place: `rootfs:DIR` with `--rw`; nil for anything else.
    func lowerDirectory(_ object: String) throws -> MountSource? {
        guard isWritable else {
            if upper != nil || force { throw MountError("--upper and --force have no meaning without --rw") }
            return nil
        }
        if force, upper == nil { throw MountError("--force has no meaning without --upper") }
        let bytes = RawArguments.bytes(of: object)
        guard bytes.starts(with: "rootfs:".utf8) else { return nil }
        let path = FilePath(Array(bytes.dropFirst(7)))
        let directory: Descriptor
        do throws(Errno) {
            directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        } catch {
            // A tar is an image like others.
            if error == .notDirectory { return nil }
            throw MountError("\(object.printable): \(error)")
        }
        let name = "rootfs:" + Bytes.escaped(try MountPoint.path(of: directory))
        // Root sees what lies there without what is mounted in it, as kernel overlayfs does; so the mountpoint may be
        // anywhere.
        let apart = geteuid() == 0 ? try? Self.apart(directory) : nil
        // What lies there is a tree as it is, whatever attributes it has.
        var source = MountSource(
            name: name, digest: nil, content: .directories([apart ?? directory], OverlayOptions(marks: [])))
        source.isApart = apart != nil
        return source
    }

    private static func apart(_ directory: Descriptor) throws -> Descriptor {
        let clone = try Mounts.clone(directory, recursively: false)
        try Mounts.restrict(clone, to: [])
        return clone
    }

    /// Puts an upper over what is mounted, if that is asked for.
    func addUpper(to source: inout MountSource, store: StoreOptions) throws {
        guard isWritable else { return }
        let settings = UpperSettings(isPrivileged: Privilege.hasTrustedAttributes, isRoot: geteuid() == 0)
        if let upper {
            let opened = try UpperDirectory.open(
                RawArguments.bytes(of: upper), image: source.identity, force: force, settings: settings)
            if case .directories(let lower, _) = source.content,
                let above = try Mountpoint.directory(above: MountPoint.path(of: opened.directory), among: lower)
            {
                throw MountError(
                    "upper \"\(upper.printable)\": lies in \"\(Bytes.escaped(above))\", which is below it; choose another"
                )
            }
            source.content = .writable(source.content, opened)
        } else {
            let place = try store.openStore()
            source.store = try place.identity().fileText
            let (opened, discarded) = try UpperDirectory.temporary(in: place, settings: settings)
            source.content = .writable(source.content, opened)
            source.discarded = discarded
        }
    }
}

extension MountSource {
    /// What an upper records as its image: the digest where there is one, since names move.
    var identity: String { digest.map { "\($0)" } ?? name }
}

/// What this process may do.
enum Privilege {
    /// Whether it may set attributes of the `trusted.` namespace: only the superuser of the machine may.
    static var hasTrustedAttributes: Bool {
        guard geteuid() == 0, let map = try? Descriptor.open("/proc/self/uid_map").readToEnd() else { return false }
        let numbers = String(decoding: map, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return numbers.count == 3 && numbers[0] == "0" && numbers[1] == "0" && numbers[2] == "4294967295"
    }
}
