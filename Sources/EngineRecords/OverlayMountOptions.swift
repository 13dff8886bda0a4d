// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
import OCI
package import SystemPackage

/// The directories of an overlay as its mount's options name them; see overlayfs in the kernel's documentation.
package struct OverlayMountOptions: Sendable, Hashable {
    /// The layers that are only read, the topmost first; paths relative to where the one who mounted it stood.
    package var lowers: [FilePath]
    /// The layer that takes changes.
    package var upper: FilePath?
    /// The directory beside it that the kernel works in.
    package var work: FilePath?
    /// Whether marks are in `user.overlay.` attributes.
    package var usesUserXattrs: Bool

    /// Reads the options of a mount; nil where it is no overlay.
    package init?(_ mount: MountEntry) {
        guard mount.type == "overlay" else { return nil }
        var lowers: [FilePath] = []
        var upper: FilePath?
        var work: FilePath?
        for option in mount.superOptionBytes {
            guard let mark = option.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = Array(option[(mark + 1)...])
            switch String(decoding: option[..<mark], as: UTF8.self) {
            case "lowerdir":
                lowers = Self.split(value, at: UInt8(ascii: ":")).compactMap { Self.path(Self.plain($0)) }
            case "lowerdir+":
                // One layer for each option: nothing in it stands for something else.
                if let path = Self.path(value) { lowers.append(path) }
            case "upperdir": upper = Self.path(Self.plain(value))
            case "workdir": work = Self.path(Self.plain(value))
            default: break
            }
        }
        guard !lowers.isEmpty else { return nil }
        self.lowers = lowers
        self.upper = upper
        self.work = work
        usesUserXattrs = mount.superOptions.contains("userxattr")
    }

    /// Splits at a byte that no backslash stands before; empty parts are left out.
    private static func split(_ bytes: [UInt8], at separator: UInt8) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if byte == separator, !isEscaped {
                if !part.isEmpty { parts.append(part) }
                part = []
            } else {
                part.append(byte)
            }
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        if !part.isEmpty { parts.append(part) }
        return parts
    }

    /// A value without the backslashes that protect its characters.
    private static func plain(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        var isEscaped = false
        for byte in bytes {
            if byte == UInt8(ascii: "\\"), !isEscaped {
                isEscaped = true
                continue
            }
            isEscaped = false
            result.append(byte)
        }
        return result
    }

    private static func path(_ bytes: [UInt8]) -> FilePath? {
        guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
        return FilePath(platformString: bytes.map { CChar(bitPattern: $0) } + [0])
    }
}
