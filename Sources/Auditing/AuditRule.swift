// SPDX-License-Identifier: Apache-2.0

/// How bad it is that a rule is broken.
package enum AuditSeverity: String, Sendable, CaseIterable, Comparable {
    case info, low, medium, high, critical

    package static func < (left: AuditSeverity, right: AuditSeverity) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
}

/// A rule for what an object must be.
package struct AuditRule: Sendable {
    /// What it is called.
    package let id: String
    /// How bad it is that it is broken.
    package let severity: AuditSeverity
    /// Why there is such a rule; empty where nobody says.
    package let reason: String
    /// What it asks.
    package let subject: Subject

    /// What a rule asks.
    package enum Subject: Sendable {
        case files(FileRule)
        case find(FindRule)
        case packages(PackageRule)
        case configuration(ConfigurationRule)
        case vulnerabilities(VulnerabilityRule)
        /// That the policy demands signatures, and accepts the image.
        case signatures
    }

    /// What files of given paths must be.
    package struct FileRule: Sendable {
        /// Paths, perhaps patterns.
        package var paths: [String] = []
        /// Whether something must be there, or nothing.
        package var exists = true
        /// `file`, `directory`, `link`, …; nil for any.
        package var type: String?
        /// The bits of the mode.
        package var mode: UInt16?
        /// The only bits that the mode may have.
        package var maximumMode: UInt16?
        /// A name or a number.
        package var owner: String?
        /// A name or a number.
        package var group: String?
        /// Digests of which it must have one, in hexadecimal digits.
        package var digests: [String] = []
        /// What a link must lead to.
        package var target: String?
        /// Texts that must be in it.
        package var contains: [String] = []
        /// Texts that must not be in it.
        package var lacks: [String] = []
    }

    /// That a search finds nothing.
    package struct FindRule: Sendable {
        /// The words of the expression.
        package var expression: [String] = []
        /// Where it begins.
        package var paths: [String] = ["/"]
        /// Patterns of paths that may be found.
        package var except: [String] = []
    }

    /// What must and must not be installed.
    package struct PackageRule: Sendable {
        /// Questions, as `cimg packages --find` takes them.
        package var forbidden: [String] = []
        /// The same.
        package var required: [String] = []
        /// Patterns of licences.
        package var forbiddenLicences: [String] = []
        /// Whether files must be as their packages promised.
        package var isVerified = false
        /// Whether programs must be owned by packages of the system.
        package var isOwned = false
    }

    /// What the configuration must say, by the keys of `cimg diff --config`.
    package struct ConfigurationRule: Sendable {
        /// Keys and their values.
        package var equals: [String: String] = [:]
        /// Keys and patterns of their values.
        package var matches: [String: String] = [:]
        /// Patterns of keys, each of which must be there.
        package var present: [String] = []
        /// Patterns of keys that must not be there.
        package var absent: [String] = []
    }

    /// Which vulnerabilities an object may not have.
    package struct VulnerabilityRule: Sendable {
        /// The least bad that counts.
        package var severity = "LOW"
        /// Whether only those count that have a fix.
        package var isFixable = false
        /// Those that do not count.
        package var except: [String] = []
        /// How many there may be.
        package var maximum = 0
    }
}
