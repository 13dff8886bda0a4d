// SPDX-License-Identifier: Apache-2.0

package import Packages

/// A distribution as advisories name it.
package struct Distribution: Sendable, Equatable {
    /// Distributions that there are advisories for, and a few that there are none for.
    package enum Family: String, Sendable {
        case alpine, wolfi, chainguard, minimos
        case debian, ubuntu
        case redhat, centos, rocky, alma, oracle, amazon, fedora
        case photon
        case mariner = "cbl-mariner"
        case azure = "azurelinux"
        case leap = "opensuse-leap"
        case tumbleweed = "opensuse-tumbleweed"
        case leapMicro = "opensuse-leap-micro"
        case sles, slem
        /// Any other.
        case other
    }

    /// Which it is.
    package let family: Family
    /// What it calls itself: `alpine`, `linuxmint`.
    package let name: String
    /// Its version: `3.20.3`, `12.5`; empty for those that roll on.
    package let version: String
    /// Alpine's release as its repositories have it; nil where they do not say.
    private let repositoryRelease: String?

    /// Small files of a tree that tell more than `os-release`, by their paths.
    package static let files = [
        "/etc/alpine-release", "/etc/debian_version", "/etc/apk/repositories", "/etc/redhat-release",
        "/etc/centos-release", "/etc/system-release", "/usr/lib/system-release", "/etc/lsb-release",
        "/var/lib/ubuntu-advantage/status.json",
    ]

    /// Tells what a tree says that it is; nil where it does not say.
    ///
    /// - Parameter files: those of `files` that are there.
    package init?(_ release: OSRelease?, files: [String: [UInt8]]) {
        func text(_ path: String) -> String? {
            files[path].map { String(decoding: $0.prefix { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self) }
        }
        guard let found = release.map(Self.of) ?? Self.withoutRelease(text) else { return nil }
        name = found.name
        family = found.family
        var version = found.version
        switch found.family {
        case .debian:
            // `12.5` where os-release has `12`; testing has names.
            if let own = text("/etc/debian_version"), own.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 }) == true {
                version = own
            }
        case .alpine:
            if let own = text("/etc/alpine-release"), !own.isEmpty { version = own }
        case .redhat, .centos:
            for path in ["/etc/centos-release", "/etc/redhat-release"] {
                if let own = text(path).flatMap(Self.number) {
                    version = own
                    break
                }
            }
        case .ubuntu:
            if Self.hasExtendedMaintenance(files["/var/lib/ubuntu-advantage/status.json"]) { version += "-ESM" }
        default: break
        }
        self.version = version
        repositoryRelease =
            found.family == .alpine ? files["/etc/apk/repositories"].flatMap(Self.repositoryRelease) : nil
    }

    private static func of(_ release: OSRelease) -> (name: String, family: Family, version: String) {
        let name = String(decoding: release.id, as: UTF8.self)
        let version = String(decoding: release.versionID, as: UTF8.self)
        let family: Family
        switch name {
        case "rhel": family = .redhat
        case "centos": family = release.name.elementsEqual("CentOS Stream".utf8) ? .other : .centos
        case "almalinux": family = .alma
        case "ol": family = .oracle
        case "amzn": family = .amazon
        case "opensuse", "opensuse-leap": family = .leap
        case "sl-micro", "sle-micro", "sle-micro-rancher": family = .slem
        case "mariner": family = .mariner
        default: family = Family(rawValue: name) ?? .other
        }
        return (family == .other ? name : family.rawValue, family, version)
    }

    /// A tree that has no os-release, as old ones have none.
    private static func withoutRelease(
        _ text: (String) -> String?
    ) -> (name: String, family: Family, version: String)? {
        if let version = text("/etc/alpine-release") { return ("alpine", .alpine, version) }
        for (path, family) in [("/etc/centos-release", Family.centos), ("/etc/redhat-release", .redhat)] {
            if let version = text(path).flatMap(number) { return (family.rawValue, family, version) }
        }
        for path in ["/etc/system-release", "/usr/lib/system-release"] {
            if let line = text(path), line.hasPrefix("Amazon Linux"), let version = number(line) {
                return ("amazon", .amazon, version)
            }
        }
        if let version = text("/etc/debian_version") { return ("debian", .debian, version) }
        return nil
    }

    /// The number in `CentOS Linux release 7.9.2009 (Core)`.
    private static func number(_ line: String) -> String? {
        guard let range = line.firstRange(of: " release ") else { return nil }
        let number = line[range.upperBound...].prefix { $0.isASCII && $0.isNumber || $0 == "." }
        return number.isEmpty ? nil : String(number)
    }

    /// The release behind a repository's address: `https://dl-cdn.alpinelinux.org/alpine/v3.17/main`.
    private static func repositoryRelease(_ bytes: [UInt8]) -> String? {
        for line in bytes.split(separator: 0x0A).prefix(1000) {
            let text = String(decoding: line, as: UTF8.self)
            guard ["http://", "https://", "ftp://"].contains(where: text.hasPrefix) else { continue }
            let parts = text.split(separator: "/", omittingEmptySubsequences: true)
            // Scheme, host, `alpine`, release.
            guard parts.count >= 4 else { continue }
            let release = parts[3].hasPrefix("v") ? parts[3].dropFirst() : parts[3]
            if release == "edge" || release.first.map({ $0.isASCII && $0.isNumber }) == true { return String(release) }
        }
        return nil
    }

    private static func hasExtendedMaintenance(_ json: [UInt8]?) -> Bool {
        guard let json else { return false }
        return UbuntuServices(json).isESMEnabled
    }

    // MARK: - Buckets

    /// The first parts of the version: `3.20` of `3.20.3`.
    func parts(_ count: Int) -> String {
        version.split(separator: ".").prefix(count).joined(separator: ".")
    }

    /// Alpine's release: that of its repositories, else the version's.
    var alpineRelease: String { repositoryRelease ?? parts(2) }

    /// Amazon's release: `2`, `2022`, `2023`, and `1` for those named by years before.
    var amazonRelease: String {
        let first = version.split(whereSeparator: { $0 == " " || $0 == "." }).first.map(String.init) ?? ""
        return ["2", "2022", "2023"].contains(first) ? first : "1"
    }

    /// The name under which a database has the distribution's advisories; nil where nobody collects any.
    package var bucket: String? {
        switch family {
        case .alpine: "alpine \(alpineRelease)"
        case .wolfi, .chainguard, .minimos: family.rawValue
        case .debian: "debian \(parts(1))"
        case .ubuntu: "ubuntu \(version)"
        case .redhat, .centos: "Red Hat"
        case .rocky: "rocky \(parts(1))"
        case .alma: "alma \(parts(1))"
        case .oracle: "Oracle Linux \(parts(1))"
        case .amazon: "amazon linux \(amazonRelease)"
        case .photon: "Photon OS \(version)"
        case .mariner: "CBL-Mariner \(parts(2))"
        case .azure: "Azure Linux \(parts(2))"
        case .leap: "openSUSE Leap \(version)"
        case .tumbleweed: "openSUSE Tumbleweed"
        case .leapMicro: "openSUSE Leap Micro \(version)"
        case .sles: "SUSE Linux Enterprise \(version)"
        case .slem: "SUSE Linux Enterprise Micro \(version)"
        case .fedora, .other: nil
        }
    }
}
