// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Rules on files: caches, secrets, rights, leftovers of the build.
struct FileLint {
    /// Bytes and files of a cache in the layer at hand.
    private var caches: [LintRule: [String: (bytes: UInt64, count: Int)]] = [:]

    private static let cacheDirectories: [(rule: LintRule, path: String)] = [
        (.aptListsLeft, "/var/lib/apt/lists"), (.packageCacheLeft, "/var/cache/apt/archives"),
        (.packageCacheLeft, "/var/cache/apk"), (.packageCacheLeft, "/var/cache/yum"),
        (.packageCacheLeft, "/var/cache/dnf"), (.packageCacheLeft, "/var/cache/zypp"),
        (.packageCacheLeft, "/var/cache/pacman/pkg"), (.languageCacheLeft, "/root/.cache/pip"),
        (.languageCacheLeft, "/root/.npm/_cacache"), (.languageCacheLeft, "/root/.cache/yarn"),
        (.languageCacheLeft, "/usr/local/share/.cache"), (.languageCacheLeft, "/root/.cache/go-build"),
        (.languageCacheLeft, "/root/.cache/composer"), (.languageCacheLeft, "/root/.cargo/registry"),
    ]

    private static let secretNames: Set<String> = [
        "credentials.json", "credential.json", "credentials", "credential", "password.txt", "id_rsa", "id_dsa",
        "id_ecdsa", "id_ed25519", "secret_token.rb", "carrierwave.rb", "omniauth.rb", "database.yml", ".env",
        ".git-credentials", ".pgpass", ".netrc", ".npmrc", ".pypirc", ".htpasswd",
    ]

    private static let secretExtensions: Set<String> = [
        "secret", "private_key", "ovpn", "jks", "keychain", "keystore", "kwallet", "pcap", "kdbx", "pfx", "p12", "tblk",
    ]

    private static let buildFiles: Set<String> = [
        "Dockerfile", "docker-compose.yml", "docker-compose.yaml", ".dockerignore", ".vimrc", ".DS_Store",
    ]

    private static let buildDirectories: Set<String> = [
        ".cache", ".aws", ".azure", ".gcp", ".git", ".vscode", ".idea", ".npm",
    ]

    /// Places in which files of such names belong to packages and are no author's.
    private static let foreignPlaces: Set<String> = [
        "node_modules", "vendor", "site-packages", "dist-packages", "gems",
    ]

    /// Looks at an entry of a layer.
    ///
    /// - Returns: what counts only if the tree shows it in the end; of a secret also otherwise.
    mutating func look(
        at entry: LayerEntry, _ components: [[UInt8]], layer: Int, index: Int
    ) -> [LintFinding] {
        guard case .file(let attributes, let extents, _) = entry.kind else { return [] }
        let names = components.map { String(decoding: $0, as: UTF8.self) }
        let path = LintPath.text(components)
        var found: [LintFinding] = []
        func add(_ rule: LintRule, _ detail: String = "") {
            found.append(LintFinding(rule, layer: layer, entry: index, path: path, detail: detail))
        }
        let isForeign = names.contains(where: Self.foreignPlaces.contains)
        guard let name = names.last else { return [] }
        if attributes.type == .directory {
            if !isForeign, Self.buildDirectories.contains(name), names.first != "proc" { add(.buildFileLeft) }
            return found
        }
        guard attributes.type == .regular else { return found }
        let stored = extents.reduce(UInt64(0)) { $0 &+ $1.length }
        count(names, stored)
        if attributes.permissions & 0o6000 != 0 { add(.setuidFile, "mode \(String(attributes.permissions, radix: 8))") }
        if attributes.size >= 100 << 20, ["lastlog", "faillog"].contains(name), names.starts(with: ["var", "log"]) {
            add(.loginRecordsHuge, "\(attributes.size) bytes")
        }
        guard !isForeign else { return found }
        let isShared = names.starts(with: ["usr", "share"]) || names.starts(with: ["usr", "lib"])
        let suffix = name.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last.map {
            $0.lowercased()
        }
        if attributes.size > 0, !isShared,
            Self.secretNames.contains(name) || suffix.map(Self.secretExtensions.contains) == true
        {
            add(.secretFile)
        }
        if Self.buildFiles.contains(name), !isShared { add(.buildFileLeft) }
        return found
    }

    private mutating func count(_ names: [String], _ bytes: UInt64) {
        guard bytes > 0, names.count > 2, names[0] == "var" || names[0] == "root" || names[0] == "usr" else { return }
        let path = "/" + names.joined(separator: "/")
        for (rule, directory) in Self.cacheDirectories where path.hasPrefix(directory + "/") {
            caches[rule, default: [:]][directory, default: (0, 0)].bytes &+= bytes
            caches[rule]?[directory]?.count += 1
        }
    }

    /// What the caches of the layer at hand take.
    mutating func finish(layer: Int) -> [LintFinding] {
        defer { caches = [:] }
        return caches.flatMap { rule, directories in
            directories.map { directory, sum in
                LintFinding(
                    rule, layer: layer, path: Array(directory.utf8),
                    detail: "\(sum.bytes) bytes in \(sum.count) file\(sum.count == 1 ? "" : "s")")
            }
        }
    }
}
