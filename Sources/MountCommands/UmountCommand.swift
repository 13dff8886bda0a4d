// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import FileTree
import FuseServer
import Glibc
import LinuxIO
import Mounting
import OCI
import SystemPackage

/// `cimg umount`: ends mounts.
package struct UmountCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "umount", abstract: "Unmount, and wait until the server has ended.",
        discussion: """
            A mount whose server has died is taken away too. An object that is mounted once may be named instead of its \
            directory.

            What was changed in a mount made with --rw but without --upper is removed with it, unless --keep names a new \
            or empty directory for it: then "cimg mount --rw --upper DIR IMAGE" goes on with it, and "cimg diff IMAGE \
            upper:DIR" tells what it is. Where it cannot be kept there, nothing is unmounted.

            --all takes the mounts that you have made and says on standard output which it took; of root that is what root \
            has made, and with --all-users every mount of cimg on the machine. Where a store is named, by --root or \
            $CIMG_ROOT, only mounts of that store are taken: what the kernel serves, live mounts, and mounts of containers \
            without --rw belong to none.

            Examples:

              cimg umount /mnt/image
              cimg umount alpine
              cimg umount --all
              cimg umount --keep changes /mnt/w

            Exit status: 0 all unmounted, 2 trouble with at least one.
            """,
        aliases: ["unmount"])

    @Argument(help: "Directories that cimg has mounted on, or what is mounted once.", completion: .directory)
    var mountpoints: [String] = []

    @Flag(name: .shortAndLong, help: "Unmount all mounts that you have made.")
    var all = false

    @Flag(help: "Unmount all mounts of cimg, whoever has made them (as root).")
    var allUsers = false

    @Option(
        help: ArgumentHelp(
            "With --all and --all-users: only mounts of this store. Without it: of $CIMG_ROOT if that is set.",
            valueName: "dir"), completion: .directory)
    var root: String?

    @Flag(name: .shortAndLong, help: "Take mounts out of sight that are in use; they end when their last user does.")
    var lazy = false

    @Option(
        help: ArgumentHelp(
            "Keep what was changed in the one mount in this directory; its work directory is DIR.work.",
            valueName: "dir"), completion: .directory)
    var keep: String?

    /// Makes the command for the parser.
    package init() {}

    package func validate() throws {
        if (all || allUsers) == !mountpoints.isEmpty { throw ValidationError("Give mountpoints, or --all.") }
        if all, allUsers { throw ValidationError("--all and --all-users exclude each other.") }
        if root != nil, !mountpoints.isEmpty { throw ValidationError("--root has no meaning without --all.") }
        if keep != nil, mountpoints.count != 1 { throw ValidationError("--keep goes with one mountpoint.") }
    }

    package mutating func run() throws {
        let unmounting = Unmounting(lazily: lazy)
        var failed = false
        func attempt(_ work: () throws -> Void) {
            do {
                try work()
            } catch {
                StandardError.print("cimg: \(error)")
                failed = true
            }
        }
        if all || allUsers {
            try reportingTrouble {
                // The last first: it may lie inside, or on top of, one before.
                for mount in try wanted().reversed() {
                    attempt {
                        try unmounting.unmount(mount)
                        MountPlaces.removeIfMade(mount.path)
                        let line = "\(Bytes.escaped(mount.path)) \(Bytes.escaped(ListedMount.source(of: mount)))\n"
                        try StandardOutput.write(Array(line.utf8))
                    }
                }
            }
        }
        for name in RawArguments.bytes(of: mountpoints) {
            attempt {
                let mount = try MountPlaces.mount(named: name)
                if let keep {
                    let remark = try unmounting.unmount(mount, keeping: RawArguments.bytes(of: keep))
                    remark.map { StandardError.print("cimg: \($0)") }
                } else {
                    try unmounting.unmount(mount)
                }
                MountPlaces.removeIfMade(mount.path)
            }
        }
        if failed { throw ExitCode(2) }
    }

    /// The mounts that --all or --all-users means, in the order of mounting.
    private func wanted() throws -> [MountEntry] {
        let user = geteuid()
        if allUsers, user != 0 { throw MountError("--all-users: only root may unmount what others have mounted") }
        let mounts = try ListedMount.all().map(\.entry).filter { mount in
            // What the kernel mounts for cimg is root's.
            allUsers || (mount.superOption("user_id").map { $0 == "\(user)" } ?? (user == 0))
        }
        guard let place = root.map({ FilePath(RawArguments.bytes(of: $0)) }) ?? Environment.path("CIMG_ROOT") else {
            return mounts
        }
        let store: String
        do throws(Errno) {
            store = try PlaceIdentity(of: Descriptor.open(place, O_RDONLY | O_DIRECTORY)).fileText
        } catch .noSuchFileOrDirectory {
            return []
        } catch {
            throw MountError("store \(place.string.printable): \(error)")
        }
        return try mounts.filter { mount in
            guard mount.type == MountedServer.type else { return false }
            return try MountedServer.of(mount).process()?.record.store == store
        }
    }
}
