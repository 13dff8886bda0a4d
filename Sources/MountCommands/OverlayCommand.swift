// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import FileTree
import FuseServer
import Glibc
import LinuxIO
import Mounting
import OverlayLayers
import SystemPackage

/// `cimg overlay`: mounts directories on top of each other, called as fuse-overlayfs and mount(8) call.
package struct OverlayCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "overlay", abstract: "Mount directories on top of each other.",
        usage: "cimg overlay [SOURCE] MOUNTPOINT -o lowerdir=DIR[:DIR...][,upperdir=DIR,workdir=DIR][,OPTION...]",
        discussion: """
            Takes the arguments of fuse-overlayfs, so that it can be the mount_program of podman and buildah; installed \
            as mount.fuse.cimg it is also called by mount(8). Returns when the mount answers, a background process \
            serves it. The layers are in the format of kernel overlayfs. With upperdir and workdir the mount can be \
            written to.

            Options: lowerdir, upperdir, workdir; uidmapping=CONTAINER:HOST:COUNT:... and gidmapping (how numbers on \
            disk are shown); squash_to_uid=N, squash_to_gid=N, squash_to_root (everything is shown as one user's); \
            redirect_dir=on|off (whether directories of lower layers can be renamed, else EXDEV); metacopy=on (as root: changes of a large file's attributes alone copy no bytes); fsname=NAME; \
            allow_other, default_permissions, ro, rw, suid, nosuid, dev, nodev, noexec, noatime, relatime, \
            nodiratime. With ro the upper is shown and not written to. With remount, and ro, rw, nosuid, suid, nodev, dev, noexec or exec, the mount that is there is changed, as root. As root set-user-ID programs and devices have \
            an effect without nosuid and nodev, as in any mount of root's. In paths a backslash takes the next \
            character as it is: \\: \\, \\\\. Options of fuse-overlayfs, mount.fuse and the kernel's overlayfs whose effect is there anyway, or which only tune \
            another program, are accepted; of others it is told that they have no effect.

            Examples:

              cimg overlay /mnt/merged -o lowerdir=top:base
              cimg overlay /mnt/merged -o lowerdir=base,upperdir=changes,workdir=work

            Exit status: 0 mounted, 2 trouble.
            """)

    @Argument(help: "What the mount table shall show, then the directory to mount on.")
    var names: [String]

    @Option(name: [.customShort("o")], help: ArgumentHelp("Options.", valueName: "option,..."))
    var options: [String] = []

    @Option(name: .customShort("t"), help: .hidden)
    var type: String?

    @Flag(name: .customShort("n"), help: .hidden)
    var withoutTable = false

    @Flag(name: .customShort("s"), help: .hidden)
    var sloppy = false

    @Flag(name: .customShort("v"), help: .hidden)
    var verbose = false

    @Flag(name: .customShort("f"), help: "Serve in this process until the mount ends.")
    var foreground = false

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            guard let target = names.last, names.count <= 2 else { throw MountError("name one mountpoint") }
            if let remount = Remount(RawArguments.bytes(of: options)) {
                for note in remount.notes { StandardError.print("cimg: overlay: \(note)") }
                return try remount.apply(to: RawArguments.bytes(of: target))
            }
            let parsed = try OverlayArguments(
                RawArguments.bytes(of: options), source: names.count > 1 ? names[0] : nil, isRoot: geteuid() == 0)
            for note in parsed.notes { StandardError.print("cimg: overlay: \(note)") }
            Spawn.raiseOpenFileLimit()
            let shown = try parsed.shownUpper.map { [try Self.open($0, as: "upperdir")] } ?? []
            var source = MountSource(
                name: parsed.source, digest: nil,
                content: .directories(shown + (try parsed.lower.map(Self.open)), parsed.overlay))
            if let upper = parsed.upper, let work = parsed.work {
                let lock = try Self.open(work, as: "workdir")
                let directory = try Self.open(upper, as: "upperdir")
                func problem(_ reason: String) -> MountError {
                    MountError("upperdir \"\(Bytes.escaped(upper))\": \(reason)")
                }
                guard try UpperUse.lock(directory, lock) else {
                    throw problem("in use by another mount")
                }
                let opened = WritableUpper(directory: directory, work: lock, settings: parsed.settings)
                try opened.checkMarks(problem)
                source.content = .writable(source.content, opened)
            }
            let mountpoint = try Mountpoint(RawArguments.bytes(of: target), allowsHiding: true)
            try mountpoint.check(isOutside: source)
            if foreground {
                try FuseServer.serve(
                    openServed(source.content, parsed.mount.accessTimes), source: source.title,
                    on: mountpoint.directory, options: parsed.mount
                ) { true }
            } else {
                try BackgroundServer.start(source, at: mountpoint, options: parsed.mount)
            }
        }
    }

    /// Opens what is written to, which must not be a symbolic link.
    private static func open(_ path: [UInt8], as option: String) throws -> Descriptor {
        func problem(_ reason: String) -> MountError { MountError("\(option) \"\(Bytes.escaped(path))\": \(reason)") }
        do throws(Errno) {
            return try UpperDirectory.opened(path)
        } catch .tooManySymbolicLinkLevels {
            throw problem("a symbolic link; name the directory itself")
        } catch {
            throw problem("\(error)")
        }
    }

    private static func open(_ path: [UInt8]) throws -> Descriptor {
        do throws(Errno) {
            return try Descriptor.open(FilePath(path), O_RDONLY | O_DIRECTORY)
        } catch {
            throw MountError("\"\(Bytes.escaped(path))\": \(error)")
        }
    }
}
