// SPDX-License-Identifier: Apache-2.0

import FileTree
import FuseServer
import Glibc
import LinuxIO
import Mounting
import OverlayLayers

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
    /// What is to be told of options that have no effect, a line each.
    var notes: [String] = []

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
            case "lowerdir+": lower.append(value)
            case "upperdir": upper = Self.unescaped(value)
            case "workdir": work = Self.unescaped(value)
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
            default:
                if let note = OverlayOptionNames.note(key, text) { notes.append(note) }
            }
        }
        try Self.checkDirectories(lower, upper, work, isReadOnly: isReadOnly)
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

    private static func checkDirectories(
        _ lower: [[UInt8]], _ upper: [UInt8]?, _ work: [UInt8]?, isReadOnly: Bool
    ) throws {
        guard !lower.isEmpty else { throw MountError("-o lowerdir=DIR is missing") }
        guard isReadOnly || (upper == nil) == (work == nil) else {
            throw MountError("upperdir and workdir go together")
        }
    }

    /// Options between commas; a backslash takes the next byte as it is.
    static func split(_ list: [UInt8]) -> [[UInt8]] { parts(list, at: UInt8(ascii: ","), keepsEscapes: true) }

    /// A path in which a backslash takes the next byte as it is, as in the kernel's overlayfs.
    private static func unescaped(_ path: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var rest = path[...]
        while let byte = rest.popFirst() {
            result.append(byte == UInt8(ascii: "\\") ? rest.popFirst() ?? byte : byte)
        }
        return result
    }

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
