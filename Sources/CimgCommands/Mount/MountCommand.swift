// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import FuseServer
import Glibc
import LinuxIO
import OCI

/// `cimg mount`: shows the files of an object below a directory.
package struct MountCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount an image read-only.",
        discussion: """
            Returns when the mount answers; a background process serves it until "cimg umount". Owners and modes are \
            those of the image. Mounted by root, everybody may use the mount as far as the files' modes allow. Mounted \
            by a plain user, through fusermount3, that user alone may use it, and may read all of it.

            Two extended attributes answer although no list has them: user.cimg.layer names the layer that brought a \
            file or directory, user.cimg.digest is the SHA-256 of a regular file's content.

            \(ObjectFinder.help)

            Examples:

              cimg mount alpine /mnt/image
              cimg mount oci:images/alpine:3.20 /mnt/image

            Exit status: 0 mounted, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "An image.")
    var object: String

    @Argument(help: "An empty directory.", completion: .directory)
    var mountpoint: String

    @Option(help: ArgumentHelp("The platform to take of several.", valueName: "os/arch[/variant]"))
    var platform: String?

    @Flag(help: "Mount the files of a running process, pid:N, as it sees them; changes go through both ways.")
    var live = false

    @Flag(help: "Serve in this process until the mount ends.")
    var foreground = false

    @Flag(help: "Mount over a directory that is not empty.")
    var nonempty = false

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Mount options: noexec, noatime, allow_other, default_permissions, max_read=BYTES. Always set: ro, nosuid, "
                + "nodev.", valueName: "option,..."))
    var options: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            if live { return try mountLive() }
            var finder = ObjectFinder(options: store)
            finder.platform = try platform.map { try Platform(parsing: $0) }
            let options = try MountOptions(parsing: options, isRoot: geteuid() == 0)
            let name = RawArguments.bytes(of: mountpoint)
            // First, because opening the object may take its time.
            _ = try Mountpoint(name, allowsHiding: nonempty)
            // Each layer is an open file, here and on its way to the server.
            Spawn.raiseOpenFileLimit()
            let source = try openMountSource(object, in: finder)
            let mountpoint = try Mountpoint(name, allowsHiding: nonempty)
            try mountpoint.lock()
            // Who held the lock may have mounted.
            _ = try Mountpoint(name, allowsHiding: nonempty)
            try withExtendedLifetime(mountpoint) {
                if foreground {
                    let tree = try openServedTree(tree: source.tree, notes: source.notes, layers: source.layers)
                    try FuseServer.serve(tree, source: source.title, at: mountpoint.path, options: options) { true }
                } else {
                    try BackgroundServer.start(source, at: mountpoint, options: options)
                }
            }
        }
    }

    /// Mounts what runs.
    private func mountLive() throws {
        let ignored = [("--platform", platform != nil), ("--foreground", foreground)].first { $0.1 }
        if let option = ignored?.0 { throw MountError("\(option) has no meaning with --live") }
        let options = try LiveOptions(parsing: options)
        guard object.hasPrefix("pid:"), let pid = Int32(object.dropFirst(4)), pid > 0 else {
            throw MountError(
                "live mount of \"\(object.printable)\": only what runs can be mounted live: name a process as pid:N")
        }
        try CimgCommands.mountLive(
            pid: pid, name: object, at: RawArguments.bytes(of: mountpoint), allowsHiding: nonempty, options: options)
    }
}
