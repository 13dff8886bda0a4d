// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Causes that a path tells.
package enum RebuiltPath {
    /// What a path, with or without a slash at its start, is known to be written anew for by each build; nil for others.
    package static func finding(_ path: [UInt8]) -> RebuildFinding? {
        let path = path.drop { $0 == UInt8(ascii: "/") }
        for (prefix, cause) in prefixes where path.starts(with: prefix.utf8) {
            return RebuildFinding(cause, "is below /\(prefix.dropLast())")
        }
        let name = path[(path.lastIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? path.startIndex)...]
        for (whole, cause) in paths where path.elementsEqual(whole.utf8) {
            return RebuildFinding(cause, "its path is known")
        }
        for (whole, cause) in names where name.elementsEqual(whole.utf8) {
            return RebuildFinding(cause, "its name is known")
        }
        if path.starts(with: "etc/ssh/ssh_host_".utf8) { return RebuildFinding(.identities, "a key of a machine") }
        if path.starts(with: "var/lib/dpkg/".utf8), name.reversed().starts(with: "dlo-".utf8) {
            return RebuildFinding(.caches, "a backup of dpkg's")
        }
        if path.split(separator: UInt8(ascii: "/")).contains(where: { $0.starts(with: "tmp.".utf8) && $0.count >= 10 })
        {
            return RebuildFinding(.temporary, "a name as mktemp makes them")
        }
        return nil
    }

    private static let prefixes: [(String, RebuildCause)] = [
        ("var/log/", .logs), ("var/cache/", .caches), ("var/lib/apt/lists/", .caches), ("root/.cache/", .caches),
        ("root/.npm/", .caches), ("tmp/", .temporary), ("var/tmp/", .temporary), ("run/", .temporary),
    ]

    private static let paths: [(String, RebuildCause)] = [
        ("etc/machine-id", .identities), ("var/lib/dbus/machine-id", .identities),
        ("var/lib/systemd/random-seed", .identities), ("etc/hostname", .temporary), ("etc/hosts", .temporary),
        ("etc/resolv.conf", .temporary), ("etc/passwd-", .caches), ("etc/group-", .caches), ("etc/shadow-", .caches),
        ("etc/gshadow-", .caches), ("etc/subuid-", .caches), ("etc/subgid-", .caches), ("etc/ld.so.cache", .generated),
    ]

    private static let names: [(String, RebuildCause)] = [
        ("locale-archive", .generated), ("icon-theme.cache", .generated), ("mime.cache", .generated),
        ("gschemas.compiled", .generated), ("cacerts", .generated), ("giomodule.cache", .generated),
    ]
}

/// Causes that a key of a configuration tells.
package enum RebuiltKey {
    /// Why a key of a configuration differs, as `cimg diff --config` calls it; nil where that is not known.
    package static func finding(_ key: String) -> RebuildFinding? {
        if key == "created" { return RebuildFinding(.created, key) }
        for prefix in ["Annotations.", "Labels."] where key.hasPrefix(prefix) {
            let label = String(key.dropFirst(prefix.count))
            if label.hasPrefix("org.opencontainers.image.base.") { return RebuildFinding(.base, key) }
            if label == "org.opencontainers.image.created" || label == "buildkit/rewritten-epoch" {
                return RebuildFinding(.created, key)
            }
            if known.contains(label) { return RebuildFinding(.labels, key) }
        }
        return nil
    }

    /// Whether a key only says what an image is called.
    package static func isName(_ key: String) -> Bool {
        [
            "Annotations.org.opencontainers.image.ref.name", "Annotations.io.containerd.image.name",
            "Annotations.org.opencontainers.image.base.name",
        ].contains(key)
    }

    private static let known: Set<String> = [
        "org.opencontainers.image.revision", "org.opencontainers.image.version", "org.opencontainers.image.ref.name",
        "io.containerd.image.name", "io.buildah.version", "build-date", "vcs-ref", "org.label-schema.build-date",
        "org.label-schema.vcs-ref", "org.label-schema.version",
    ]
}
