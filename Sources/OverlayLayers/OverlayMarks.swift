// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import LinuxIO
package import SystemPackage

/// What the extended attributes of a file of a layer say to the overlay.
package struct OverlayMarks {
    /// What a directory says of the layers below.
    package enum Opacity {
        /// They show through.
        case none
        /// They show through, and files in it may be whiteouts by attribute (`x`).
        case whiteoutsByAttribute
        /// They are hidden (`y`).
        case opaque
    }

    /// What a directory hides of the layers below.
    package var opacity = Opacity.none
    /// Where the layers below have the file: one name, or a path from the root that begins with `/`.
    package var redirect: [UInt8]?
    /// Whether the file has its data in a layer below.
    package var isMetadataOnly = false
    /// Whether the file is a whiteout, in a directory that may have such.
    package var isWhiteout = false
    /// What `user.containers.override_stat` says.
    package var override: StatusOverride?

    /// No marks.
    package init() {}

    /// Reads the marks of a name in a directory.
    ///
    /// - Parameter names: the file's attributes.
    package init(
        _ names: [[UInt8]], of name: [UInt8], in directory: Descriptor, _ formats: OverlayMarkFormats
    ) throws(Errno) {
        for attribute in names {
            guard let mark = OverlayMarkName(attribute, formats) else { continue }
            switch mark {
            case .whiteout: isWhiteout = true
            case .metacopy: isMetadataOnly = true
            case .redirect:
                // The kernel prefers neither spelling: it knows one of them at a time.
                redirect = try directory.entryXattr(attribute, of: name) ?? redirect
            case .opaque:
                let value = try directory.entryXattr(attribute, of: name) ?? []
                if value == [UInt8(ascii: "y")] {
                    opacity = .opaque
                } else if value == [UInt8(ascii: "x")], opacity == .none {
                    opacity = .whiteoutsByAttribute
                }
            case .overrideStat:
                override = StatusOverride(parsing: try directory.entryXattr(attribute, of: name) ?? [])
            case .other: continue
            }
        }
    }
}

/// The attributes that belong to overlays and are not shown.
package enum OverlayMarkName {
    case opaque
    case redirect
    case metacopy
    case whiteout
    case overrideStat
    /// Bookkeeping that reading has no use for: nlink, origin, impure, upper, uuid, protattr.
    case other

    /// The attribute in which owner and mode stand that the file itself could not get.
    package static let overrideStatName = Array("user.containers.override_stat".utf8)

    /// The meaning of an attribute's full name; nil for an attribute of the file itself.
    package init?(_ name: [UInt8], _ formats: OverlayMarkFormats) {
        guard name.first == UInt8(ascii: "t") || name.first == UInt8(ascii: "u") else { return nil }
        if formats.contains(.overrideStat), name == Self.overrideStatName {
            self = .overrideStat
        } else if formats.contains(.dotNames), name.starts(with: "user.fuseoverlayfs.".utf8) {
            self = name.dropFirst(19).elementsEqual("opaque".utf8) ? .opaque : .other
        } else if let prefix = Self.prefix(of: name, formats) {
            let rest = name.dropFirst(prefix)
            // An attribute of an overlay inside this one is written with the word twice.
            if rest.starts(with: "overlay.".utf8) { return nil }
            self =
                if rest.elementsEqual("opaque".utf8) {
                    .opaque
                } else if rest.elementsEqual("redirect".utf8) {
                    .redirect
                } else if rest.elementsEqual("metacopy".utf8) {
                    .metacopy
                } else if rest.elementsEqual("whiteout".utf8) { .whiteout } else { .other }
        } else {
            return nil
        }
    }

    /// The bytes of `trusted.overlay.` or `user.overlay.` at the start of a name.
    package static func prefix(of name: some Collection<UInt8>, _ formats: OverlayMarkFormats) -> Int? {
        if formats.contains(.trusted), name.starts(with: "trusted.overlay.".utf8) { return 16 }
        if formats.contains(.user), name.starts(with: "user.overlay.".utf8) { return 13 }
        return nil
    }

    /// The name under which an attribute of a layer is shown: nil for an overlay's own, the word `overlay` once less
    /// for those of an overlay inside this one.
    package static func shown(_ name: [UInt8], _ formats: OverlayMarkFormats) -> [UInt8]? {
        if OverlayMarkName(name, formats) != nil { return nil }
        guard let prefix = prefix(of: name, formats) else { return name }
        return Array(name[..<prefix] + name[(prefix + 8)...])
    }

    /// The name under which a layer keeps an attribute; nil for one that nobody but the overlay may have.
    package static func stored(_ name: [UInt8], _ formats: OverlayMarkFormats) -> [UInt8]? {
        if let prefix = prefix(of: name, formats) {
            return Array(name[..<prefix] + Array("overlay.".utf8) + name[prefix...])
        }
        return OverlayMarkName(name, formats) == nil ? name : nil
    }
}

/// What `user.containers.override_stat` says: `uid:gid:mode[:type]`, the mode octal, the type one of `file`, `dir`,
/// `symlink`, `pipe`, `socket`, `block-MAJOR-MINOR` and `char-MAJOR-MINOR`.
package struct StatusOverride: Equatable {
    /// The owner.
    package var uid: UInt32
    /// The group.
    package var gid: UInt32
    /// The permission bits.
    package var permissions: UInt16
    /// What it is, if not what the file is.
    package var type: FileTree.FileType?
    /// Which device it stands for, if it is one.
    package var device = DeviceNumber()

    /// Reads the attribute's value; nil where it has another form.
    package init?(parsing value: [UInt8]) {
        let fields = String(decoding: value, as: UTF8.self).split(separator: ":", omittingEmptySubsequences: false)
        guard fields.count >= 3, let uid = UInt32(fields[0]), let gid = UInt32(fields[1]),
            let mode = UInt32(fields[2], radix: 8)
        else { return nil }
        self.uid = uid
        self.gid = gid
        permissions = UInt16(mode & 0o7777)
        type = mode & 0o170000 == 0 ? nil : FileTree.FileType(mode: mode)
        guard fields.count > 3 else { return }
        let parts = fields[3].split(separator: "-")
        switch parts.first {
        case "file": type = .regular
        case "dir": type = .directory
        case "symlink": type = .symbolicLink
        case "pipe": type = .fifo
        case "socket": type = .socket
        case "block", "char":
            guard parts.count == 3, let major = UInt32(parts[1]), let minor = UInt32(parts[2]) else { return nil }
            type = parts.first == "block" ? .blockDevice : .characterDevice
            device = DeviceNumber(major: major, minor: minor)
        default: return
        }
    }

    /// The attribute's value.
    package var text: [UInt8] {
        let mode = String(permissions, radix: 8)
        let padded = String(repeating: "0", count: max(0, 4 - mode.count)) + mode
        let kind =
            switch type {
            case .regular, nil: "file"
            case .directory: "dir"
            case .symbolicLink: "symlink"
            case .fifo: "pipe"
            case .socket: "socket"
            case .blockDevice: "block-\(device.major)-\(device.minor)"
            case .characterDevice: "char-\(device.major)-\(device.minor)"
            }
        return Array("\(uid):\(gid):\(padded):\(kind)".utf8)
    }

    /// Makes an override.
    package init(uid: UInt32, gid: UInt32, permissions: UInt16, type: FileTree.FileType, device: DeviceNumber) {
        self.uid = uid
        self.gid = gid
        self.permissions = permissions
        self.type = type
        self.device = device
    }
}
