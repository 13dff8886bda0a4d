// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import FuseServer
import Glibc
import LinuxIO

/// `cimg umount`: ends mounts.
package struct UmountCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "Unmount, and wait until the server has ended.",
        discussion: """
            A mount whose server has died is taken away too.

            What was changed in a mount made with --rw but without --upper is removed with it, unless --keep names a new \
            or empty directory for it: then "cimg mount --rw --upper DIR IMAGE" goes on with it, and "cimg diff IMAGE \
            upper:DIR" tells what it is. Where it cannot be kept there, nothing is unmounted.

            Examples:

              cimg umount /mnt/image
              cimg umount --keep changes /mnt/w

            Exit status: 0 all unmounted, 2 trouble with at least one.
            """,
        aliases: ["unmount"])

    @Argument(help: "Directories that cimg has mounted on.", completion: .directory)
    var mountpoints: [String] = []

    @Flag(help: "Unmount all mounts of cimg: as a plain user your own.")
    var all = false

    @Flag(help: "Take mounts out of sight that are in use; they end when their last user does.")
    var lazy = false

    @Option(
        help: ArgumentHelp(
            "Keep what was changed in the one mount in this directory; its work directory is DIR.work.",
            valueName: "dir"), completion: .directory)
    var keep: String?

    /// Makes the command for the parser.
    package init() {}

    package func validate() throws {
        if all == !mountpoints.isEmpty { throw ValidationError("Give mountpoints, or --all.") }
        if keep != nil, mountpoints.count != 1 { throw ValidationError("--keep goes with one mountpoint.") }
    }

    package mutating func run() throws {
        let unmounting = Unmounting(lazily: lazy)
        var failed = false
        func attempt(_ work: () throws -> Void) {
            do {
                try work()
            } catch {
                MountError.report(error)
                failed = true
            }
        }
        if all {
            try reportingTrouble {
                let user = geteuid()
                let mounts = try ListedMount.all().map(\.entry).filter { mount in
                    user == 0 || mount.superOption("user_id") == "\(user)"
                }
                // The last first: it may lie inside, or on top of, one before.
                for mount in mounts.reversed() { attempt { try unmounting.unmount(mount) } }
            }
        }
        for name in RawArguments.bytes(of: mountpoints) {
            attempt {
                let mount = try Unmounting.mount(at: name)
                guard let keep else { return try unmounting.unmount(mount) }
                try unmounting.unmount(mount, keeping: RawArguments.bytes(of: keep))
            }
        }
        if failed { throw ExitCode(2) }
    }
}
