// SPDX-License-Identifier: Apache-2.0

/// How one version stands to another.
package enum VersionRelation: Int, Sendable {
    case less = -1
    case equal = 0
    case greater = 1

    /// How the other one stands to this one.
    package var reversed: VersionRelation {
        switch self {
        case .less: .greater
        case .equal: .equal
        case .greater: .less
        }
    }

    /// The relation of two comparable values.
    init<Value: Comparable>(_ left: Value, _ right: Value) {
        self = left < right ? .less : left > right ? .greater : .equal
    }
}

/// The order of versions as one tool has it.
package enum VersionOrder: String, Sendable, CaseIterable {
    /// Debian's: epoch, upstream version, revision.
    case dpkg
    /// That of rpm: epoch, version, release.
    case rpm
    /// Alpine's.
    case apk
    /// That of pacman: rpm's, as it was before `~` and `^`.
    case alpm
    /// Gentoo's.
    case portage
    /// Python's.
    case pep440
    /// Semantic versions with any count of numbers: npm, Cargo, Go, and whatever has no order of its own.
    case semantic
    /// That of RubyGems.
    case gem
    /// Maven's.
    case maven
    /// NuGet's: semantic versions without regard to case.
    case nuget
    /// PHP's, which Composer has.
    case composer

    /// The longest version that is compared, in bytes; a longer one is none.
    package static let longest = 4096

    /// Compares two versions.
    ///
    /// - Returns: how the left one stands to the right one; nil if one of them is no version in this order.
    package func compare(_ left: [UInt8], _ right: [UInt8]) -> VersionRelation? {
        guard left.count <= Self.longest, right.count <= Self.longest else { return nil }
        switch self {
        case .dpkg: return DpkgVersion.compare(left, right)
        case .rpm: return RPMVersion.compare(left, right)
        case .apk: return APKVersion.compare(left, right)
        case .alpm: return AlpmVersion.compare(left, right)
        case .portage: return relation(PortageVersion(left), PortageVersion(right)) { $0.compare($1) }
        case .pep440: return relation(PEP440Version(left), PEP440Version(right)) { $0.compare($1) }
        case .semantic: return relation(SemanticVersion(left), SemanticVersion(right)) { $0.compare($1) }
        case .gem: return relation(GemVersion(left), GemVersion(right)) { $0.compare($1) }
        case .maven: return MavenVersion(left).compare(MavenVersion(right))
        case .nuget:
            return relation(SemanticVersion(ASCII.lower(left)), SemanticVersion(ASCII.lower(right))) { $0.compare($1) }
        case .composer: return ComposerVersion.compare(left, right)
        }
    }

    private func relation<Version>(
        _ left: Version?, _ right: Version?, _ compare: (Version, Version) -> VersionRelation
    ) -> VersionRelation? {
        guard let left, let right else { return nil }
        return compare(left, right)
    }
}
