// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// What becomes of an entry's attributes when an engine sets them as root, on a file system such as ext4.
struct AttributeRules {
    let engine: UnpackingEngine

    /// Whether an overlay lies over the files: it keeps attributes of its own name for itself.
    private var isOverlay: Bool { !engine.isFlat }

    /// The file's attributes, and whether it is a directory that hides what lies below it.
    ///
    /// - Throws: `DiskError` where the engine ends on an attribute.
    func applied(to attributes: Attributes) throws -> (attributes: Attributes, isOpaque: Bool) {
        var result = attributes
        var isOpaque = false
        if attributes.type == .symbolicLink { result.permissions = 0o777 }
        result.mtime = time(attributes.mtime, isLink: attributes.type == .symbolicLink)
        guard !attributes.xattrs.isEmpty else { return (result, false) }
        result.xattrs = []
        for attribute in attributes.xattrs {
            let name = String(decoding: attribute.name, as: UTF8.self)
            guard try isSet(name, attribute.value, on: attributes.type) else { continue }
            if isOverlay, name.hasPrefix("trusted.overlay.") {
                if name == "trusted.overlay.opaque", attribute.value == [UInt8(ascii: "y")] {
                    isOpaque = attributes.type == .directory
                }
                continue
            }
            result.xattrs.append(attribute)
        }
        return (result, isOpaque)
    }

    /// Whether an attribute is set; false where the engine passes over it.
    private func isSet(_ name: String, _ value: [UInt8], on type: FileType) throws -> Bool {
        switch engine {
        case .kernel: break
        case .docker: break
        case .podman: if name == "security.selinux" { return false }
        case .containerd: if name.hasPrefix("trusted.") { return false }
        case .umoci:
            if ["security.selinux", "system.nfs4_acl"].contains(name) { return false }
            if Self.umociIgnores.contains(name) { return false }
        }
        if name.hasPrefix("user.") {
            if type == .regular || type == .directory { return true }
            // Linux has none on what is neither.
            guard engine == .podman || engine == .umoci else { return false }
            throw DiskError(.notPermitted, "setting attribute \(name.printable)")
        }
        if name == "security.capability", ![20, 24].contains(value.count) {
            throw DiskError(.invalid, "setting attribute \(name)")
        }
        if name == "system.posix_acl_access" || name == "system.posix_acl_default" { return type != .symbolicLink }
        return name.hasPrefix("trusted.") || name.hasPrefix("security.")
    }

    private static let umociIgnores: Set<String> = Set(
        ["opaque", "redirect", "origin", "impure", "nlink", "upper", "metacopy"].map { "trusted.overlay.\($0)" })

    /// The time that a file gets.
    func time(_ time: Timestamp, isLink: Bool) -> Timestamp {
        let range = Int64(0)...Int64.max / 1_000_000_000
        switch engine {
        case .kernel: return time
        case .containerd: return range.contains(time.seconds) ? time : Timestamp()
        case .docker, .podman, .umoci:
            guard isLink || engine == .umoci else { return range.contains(time.seconds) ? time : Timestamp() }
            // Nanoseconds in 64 bits, which go round.
            let count = time.seconds &* 1_000_000_000 &+ Int64(time.nanoseconds)
            let (seconds, rest) = count.quotientAndRemainder(dividingBy: 1_000_000_000)
            return rest < 0
                ? Timestamp(seconds: seconds - 1, nanoseconds: UInt32(rest + 1_000_000_000))
                : Timestamp(seconds: seconds, nanoseconds: UInt32(rest))
        }
    }
}

extension Disk {
    /// Puts what an entry describes at a place where nothing stands, or a directory where it is one.
    @discardableResult
    mutating func put(_ entry: UnpackedEntry, at place: Place, _ rules: AttributeRules) throws -> UInt32 {
        guard case .file(let original, _, _) = entry.kind else { throw DiskError(.refused, "a hard link") }
        var (attributes, isOpaque) = try rules.applied(to: original)
        var reference = entry.reference
        if let node = place.node, attributes.type == .directory {
            let old = file(node)
            // What the directory had already stays where the new entry says nothing of it.
            let known = rules.engine == .umoci ? [] : try files.attributes(of: old).xattrs
            for attribute in known where !attributes.xattrs.contains(where: { $0.name == attribute.name }) {
                attributes.xattrs.append(attribute)
            }
            attributes.xattrs.sort { Bytes.precedes($0.name, $1.name) }
            if rules.engine != .umoci { isOpaque = isOpaque || files[old].isOpaque }
            let new = try files.add(reference, attributes, isAltered: attributes != original)
            files[new].isOpaque = isOpaque
            set(node, new)
            return node
        }
        // What Linux calls a device 0:0 an overlay takes away.
        let isWhiteout =
            attributes.type == .characterDevice && attributes.device == DeviceNumber() && rules.engine != .umoci
        if isWhiteout { reference = .nobody }
        let file =
            try isWhiteout ? files.whiteout() : files.add(reference, attributes, isAltered: attributes != original)
        files[file].isOpaque = isOpaque
        return try add(place.name, in: place.parent, file)
    }
}
