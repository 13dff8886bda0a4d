// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandOptions
import Console
import Engines
import FuseServer
import Glibc
import LinuxIO
import Mounting
import OCI
import Objects
import Synchronization

/// `cimg mount`: shows the files of an object below a directory.
package struct MountCommand: ParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "mount", abstract: "Mount an image or a container.",
        discussion: """
            Returns when the mount answers; a background process serves it until "cimg umount". Owners and modes are \
            those of the image. Mounted by root, everybody may use the mount as far as the files' modes allow. Mounted \
            by a plain user, through fusermount3, that user alone may use it, and may read all of it.

            A container is mounted as it is, running or not: the layers of its image and its own on top, read where \
            the engine keeps them; what it changes shows. Volumes are named and left out. With --live it is the \
            running container's own file system, volumes included, and can be written to.

            With --rw the mount can be written to. What is mounted never changes: the changes go to a directory of their \
            own, which is removed when the mount ends unless --upper names it. rootfs:DIR then is mounted where it lies.

            As root --backend kernel lets the kernel mount an image, without a process, and with --rw its overlayfs write \
            the changes, in the same format. Containers without --rw are always served by cimg.

            With --as ENGINE an image is shown as that engine's disk would have it; where the engine would refuse a layer, the \
            error says why.

            Two extended attributes answer although no list has them: user.cimg.layer names the layer that brought a \
            file or directory, user.cimg.digest is the SHA-256 of a regular file's content. A mount by the kernel \
            has the layer only, and lists it.

            \(ObjectFinder.help)

            \(ObjectFinder.containerHelp)

            Examples:

              cimg mount alpine /mnt/image
              cimg mount oci:images/alpine:3.20 /mnt/image
              cimg mount my_container /mnt/image
              cimg mount --backend kernel alpine /mnt/image
              cimg mount --rw --upper changes alpine /mnt/w
              cimg mount --live pid:1234 /mnt/live

            Exit status: 0 mounted, 2 trouble.
            """)

    @OptionGroup var store: StoreOptions

    @OptionGroup var objectOptions: ObjectOptions

    @OptionGroup var unpacking: UnpackingOptions

    @Argument(help: "An image or a container.")
    var object: String

    @Argument(
        help: "An empty directory; without it one is made below /run/cimg or $XDG_RUNTIME_DIR/cimg, and printed.",
        completion: .directory)
    var mountpoint: String?

    @Flag(help: "Mount what runs in the container as it sees its files; changes go through both ways.")
    var live = false

    @Flag(
        name: .customLong("no-foreign"),
        help: "With --live: leave out what programs of the container serve in it (FUSE).")
    var leavesForeign = false

    @Flag(help: "SELinux: label the mount so that every container may read it.")
    var shared = false

    @Flag(help: "Mount the container's volumes and binds too, read-only (as root).")
    var volumes = false

    @OptionGroup var writing: WritingOptions

    @Option(
        help: ArgumentHelp(
            "Who answers: fuse (a process of cimg; the default), kernel (as root), or auto (the kernel where it can; "
                + "else it is told why not).", valueName: "backend"))
    var backend: MountBackend?

    @Flag(help: "Serve in this process until the mount ends.")
    var foreground = false

    @Flag(help: "Mount over a directory that is not empty.")
    var nonempty = false

    @Option(
        name: [.customShort("o"), .long],
        help: ArgumentHelp(
            "Mount options: noexec, noatime, relatime, nodiratime, allow_other, default_permissions, max_read=BYTES, context=LABEL; with --rw "
                + "as root also suid, dev. Else set: ro, nosuid, nodev.", valueName: "option,..."))
    var options: [String] = []

    /// Makes the command for the parser.
    package init() {}

    package mutating func run() throws {
        try reportingTrouble {
            var finder = try objectOptions.finder(store, directoryHint: "rootfs:")
            finder.tellsStored = true
            unpacking.apply(to: &finder)
            if live { return try mountLive(finder) }
            if leavesForeign { throw MountError("--no-foreign has no meaning without --live") }
            if unpacking.isGiven, writing.isWritable {
                throw MountError(
                    "--as and --rw exclude each other: changes would be of a tree that the image does not have")
            }
            try checkBackend()
            if backend == nil || backend == .fuse { try FuseReadiness.check() }
            // First, because opening the object may take its time.
            let place = try self.mountpoint.map { RawArguments.bytes(of: $0) } ?? MountPlaces.make(for: object)
            let mountpoint = try Mountpoint(place, allowsHiding: nonempty)
            defer { if self.mountpoint == nil { MountPlaces.removeIfMade(place) } }
            // Each layer is an open file, here and on its way to the server.
            Spawn.raiseOpenFileLimit()
            var options = try MountOptions(
                parsing: options, isRoot: geteuid() == 0, isWritable: writing.isWritable)
            let directory = try writing.lowerDirectory(object)
            let named = directory == nil ? try finder.resolve(object) : nil
            if let named { try label(&options, of: named) }
            let (opened, attached, remark) = try named.map { try open($0, in: finder) } ?? (directory, nil, nil)
            guard var source = opened else { return }
            try writing.addUpper(to: &source, store: store)
            try mountpoint.check(isOutside: source)
            try mountpoint.lock()
            try withExtendedLifetime(mountpoint) {
                if source.discarded != nil {
                    StandardError.print(
                        "cimg: what is changed is discarded when the mount ends; --upper DIR keeps it, and so does "
                            + "\"cimg umount --keep DIR\"")
                }
                if foreground {
                    if backend == .auto { store.tell("--backend auto: mounted through FUSE, as --foreground asks") }
                    remark.map(StandardError.print)
                    try serve(source, attached, on: mountpoint, options: options)
                } else {
                    try start(source, at: mountpoint, options: options)
                    do {
                        try attached?.attach(to: mountpoint)
                    } catch {
                        // A mount without what was asked for is none.
                        mountpoint.giveUp()
                        throw error
                    }
                    remark.map(StandardError.print)
                    if self.mountpoint == nil { try StandardOutput.write(place + [UInt8(ascii: "\n")]) }
                }
            }
        }
    }

    /// Serves in this process until the mount ends.
    ///
    /// - Parameter attached: the volumes to put into it; without them there is no mount.
    private func serve(
        _ source: MountSource, _ attached: ContainerVolumes?, on mountpoint: Mountpoint, options: MountOptions
    ) throws {
        defer { source.discarded?.remove() }
        let fileSystem = try openServed(source.content, options.accessTimes)
        let failure = Mutex<(any Error)?>(nil)
        try FuseServer.serve(
            fileSystem, source: source.title, on: mountpoint.directory, options: options,
            beforeServing: {
                guard let owners = source.owners else { return }
                try SubordinateNumbers.takeRights(users: owners.users, groups: owners.groups)
            },
            whenReady: {
                do {
                    try attached?.attach(to: mountpoint)
                    return true
                } catch {
                    failure.withLock { $0 = error }
                    return false
                }
            })
        if let failure = failure.withLock({ $0 }) { throw failure }
    }

    /// Opens what a name means, and the volumes that shall be put into its mount, or a line about them.
    private func open(
        _ named: NamedObject, in finder: ObjectFinder
    ) throws -> (MountSource?, ContainerVolumes?, String?) {
        switch named {
        case .image:
            if volumes { throw MountError("--volumes: \(object.printable) is no container") }
            let image = try finder.open(object)
            let source = try MountSource(image.tree, of: object, digest: image.digest, in: image.store)
            return (source, nil, nil)
        case .engine(.image) where unpacking.isGiven:
            if volumes { throw MountError("--volumes: \(object.printable) is no container") }
            let image = try finder.open(object)
            return (try MountSource(image.tree, of: object, digest: image.digest, in: image.store), nil, nil)
        case .engine(let found):
            if unpacking.isGiven {
                throw MountError("--as: \(found.qualifiedName) is no image, and has no layers to be unpacked")
            }
            if objectOptions.platform != nil {
                throw MountError("--platform: \(found.qualifiedName) is of one platform")
            }
            guard case .container(let container) = found else {
                if volumes { throw MountError("--volumes: \(found.qualifiedName) is no container") }
                return (try openMountSource(found), nil, nil)
            }
            let attached = try ContainerVolumes(container)
            if volumes, geteuid() != 0 { throw MountError("--volumes: only root may mount them") }
            let source = try openMountSource(found)
            return volumes ? (source, attached, nil) : (source, nil, attached.remark(isRoot: geteuid() == 0))
        }
    }

    /// Gives the mount a label where SELinux wants one: that of every container's files with --shared, else the
    /// container's own.
    private func label(_ options: inout MountOptions, of named: NamedObject) throws {
        let isEnabled = SecurityLabel.isEnabled()
        if shared, options.context != nil { throw MountError("--shared and -o context= exclude each other") }
        if !isEnabled {
            if shared { StandardError.print("cimg: --shared: SELinux is off on this machine; mounted without a label") }
            if options.context != nil {
                StandardError.print("cimg: -o context=: SELinux is off on this machine; mounted without a label")
                options.context = nil
            }
            return
        }
        guard geteuid() == 0 else {
            if shared || options.context != nil { throw MountError("--shared: only root may label a mount") }
            return
        }
        if shared { options.context = SecurityLabel.shared() }
        if options.context == nil, case .engine(.container(let container)) = named {
            options.context = container.mountLabel
        }
        try options.context.map(SecurityLabel.check)
    }

    /// Mounts what runs.
    private func mountLive(_ finder: ObjectFinder) throws {
        let ignored = [
            ("--platform", objectOptions.platform != nil), ("--as", unpacking.isGiven), ("--foreground", foreground),
            ("--volumes", volumes),
            ("--shared", shared), ("--backend", backend != nil),
        ].first { $0.1 }
        if let option = ignored?.0 { throw MountError("\(option) has no meaning with --live") }
        let options = try LiveOptions(parsing: options)
        guard case .engine(.container(let container)) = try finder.resolve(object) else {
            throw MountError(
                "live mount of \"\(object.printable)\": an image does not run; name a container, or a process as pid:N")
        }
        let status = container.status()
        guard let process = status.process else {
            guard container.engine != .process else {
                throw MountError(
                    "live mount of \"\(object.printable)\": the process has ended: only what runs can be mounted live")
            }
            throw MountError(
                "live mount of \"\(object.printable)\": the container is \(status.state.rawValue) and has no process; "
                    + "without --live its files are mounted read-only")
        }
        let place = try mountpoint.map { RawArguments.bytes(of: $0) } ?? MountPlaces.make(for: object)
        defer { if mountpoint == nil { MountPlaces.removeIfMade(place) } }
        let remark = try Mounting.mountLive(
            pid: process, name: container.qualifiedName, identity: container.shortID,
            at: place, allowsHiding: nonempty, leavesForeign: leavesForeign, options: options)
        remark.map { StandardError.print("cimg: \($0)") }
        if mountpoint == nil { try StandardOutput.write(place + [UInt8(ascii: "\n")]) }
    }
}
