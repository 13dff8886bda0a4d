// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Console
import FileTree
import FuseServer
import Glibc
import LinuxIO
import Mounting
import Overlay
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
            nodiratime. With ro the upper is shown and not written to. As root set-user-ID programs and devices have \
            an effect without nosuid and nodev, as in any mount of root's. What fuse-overlayfs has besides is ignored.

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
            let parsed = try OverlayArguments(
                RawArguments.bytes(of: options), source: names.count > 1 ? names[0] : nil, isRoot: geteuid() == 0)
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

/// The options of `cimg overlay`.
struct OverlayArguments {
    var lower: [[UInt8]] = []
    var upper: [UInt8]?
    var work: [UInt8]?
    /// The upper of a mount that shows it and changes nothing.
    var shownUpper: [UInt8]?
    var source: String
    var overlay: OverlayOptions
    var settings: UpperSettings
    var mount: MountOptions

    /// Reads lists of options, the later ones on top.
    ///
    /// - Throws: `MountError` that names the option that is wrong.
    init(_ lists: [[UInt8]], source: String?, isRoot: Bool) throws {
        var users: [IdentifierRange] = []
        var groups: [IdentifierRange] = []
        var rest: [String] = []
        var name = source ?? "overlay"
        var isReadOnly = false
        var redirects: Bool?
        var metacopies = false
        var hasSetID = isRoot
        var hasDevices = isRoot
        for option in lists.flatMap(Self.split) {
            let mark = option.firstIndex(of: UInt8(ascii: "="))
            let key = String(decoding: option[..<(mark ?? option.endIndex)], as: UTF8.self)
            let value = mark.map { Array(option[($0 + 1)...]) } ?? []
            let text = String(decoding: value, as: UTF8.self)
            switch key {
            case "lowerdir": lower = Self.paths(value)
            case "upperdir": upper = value
            case "workdir": work = value
            case "uidmapping": users = try Self.ranges(text, key)
            case "gidmapping": groups = try Self.ranges(text, key)
            case "squash_to_uid": users = [try Self.squashed(text, key, to: geteuid())]
            case "squash_to_gid": groups = [try Self.squashed(text, key, to: getegid())]
            case "squash_to_root":
                users = [try Self.squashed("0", key, to: geteuid())]
                groups = [try Self.squashed("0", key, to: getegid())]
            case "fsname": name = text
            case "redirect_dir": redirects = ["off", "nofollow"].contains(text) ? false : text == "on" ? true : nil
            case "metacopy": metacopies = text == "on"
            case "ro": isReadOnly = true
            case "rw": isReadOnly = false
            case "suid": hasSetID = isRoot
            case "nosuid": hasSetID = false
            case "dev": hasDevices = isRoot
            case "nodev": hasDevices = false
            case "noexec", "noatime", "relatime", "nodiratime", "allow_other", "default_permissions", "max_read":
                rest.append(String(decoding: option, as: UTF8.self))
            default: continue
            }
        }
        guard !lower.isEmpty else { throw MountError("-o lowerdir=DIR is missing") }
        guard isReadOnly || (upper == nil) == (work == nil) else {
            throw MountError("upperdir and workdir go together")
        }
        self.source = name
        settings = UpperSettings(isPrivileged: Privilege.hasTrustedAttributes, isRoot: isRoot)
        settings.redirects = redirects ?? settings.redirects
        settings.metacopies = settings.metacopies && metacopies
        if isReadOnly {
            shownUpper = upper
            (upper, work) = (nil, nil)
        }
        overlay = OverlayOptions(
            marks: OverlayMarkFormats(rawValue: settings.marks).union([.dotNames]),
            identifiers: [IdentifierMapping(users: users, groups: groups)], isChanging: upper == nil)
        mount = try MountOptions(parsing: [rest.joined(separator: ",")], isRoot: isRoot, isWritable: upper != nil)
        // What an engine mounts for its containers it mounts as it would the kernel's overlayfs.
        mount.allowsSetID = hasSetID
        mount.allowsDevices = hasDevices
    }

    /// Options between commas; a backslash takes the next byte as it is.
    private static func split(_ list: [UInt8]) -> [[UInt8]] { parts(list, at: UInt8(ascii: ","), keepsEscapes: true) }

    /// Directories between colons.
    private static func paths(_ list: [UInt8]) -> [[UInt8]] { parts(list, at: UInt8(ascii: ":"), keepsEscapes: false) }

    private static func parts(_ list: [UInt8], at separator: UInt8, keepsEscapes: Bool) -> [[UInt8]] {
        var parts: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in list {
            if isEscaped {
                if keepsEscapes, byte != separator { parts[parts.count - 1].append(UInt8(ascii: "\\")) }
                parts[parts.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == separator {
                parts.append([])
            } else {
                parts[parts.count - 1].append(byte)
            }
        }
        return parts.filter { !$0.isEmpty }
    }

    /// `CONTAINER:HOST:COUNT` any number of times.
    private static func ranges(_ text: String, _ option: String) throws -> [IdentifierRange] {
        let numbers = text.split(separator: ":").map { UInt32($0) }
        guard !numbers.isEmpty, numbers.count % 3 == 0, !numbers.contains(nil) else {
            throw MountError("\(option)=\(text): not CONTAINER:HOST:COUNT:...")
        }
        let known = numbers.compactMap { $0 }
        return stride(from: 0, to: known.count, by: 3).map {
            IdentifierRange(container: known[$0], host: known[$0 + 1], count: known[$0 + 2])
        }
    }

    private static func squashed(_ text: String, _ option: String, to own: UInt32) throws -> IdentifierRange {
        guard let number = UInt32(text) else { throw MountError("\(option)=\(text): not a number") }
        return IdentifierRange(container: number, host: own, count: 0)
    }
}
