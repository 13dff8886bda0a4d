// SPDX-License-Identifier: Apache-2.0

/// How bad a vulnerability is.
package enum Severity: Int, Sendable, CaseIterable, Comparable {
    case unknown, low, medium, high, critical

    /// Its name: `CRITICAL`.
    package var name: String {
        switch self {
        case .unknown: "UNKNOWN"
        case .low: "LOW"
        case .medium: "MEDIUM"
        case .high: "HIGH"
        case .critical: "CRITICAL"
        }
    }

    /// The severity of a name, in whatever letters.
    package init?(name: String) {
        guard let found = Self.allCases.first(where: { $0.name == name.uppercased() }) else { return nil }
        self = found
    }

    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
}

/// What became of a vulnerability in a package.
package enum AdvisoryStatus: Int, Sendable {
    case unknown, notAffected, affected, fixed, underInvestigation, willNotFix, fixDeferred, endOfLife

    /// Its name: `will_not_fix`.
    package var name: String {
        switch self {
        case .unknown: "unknown"
        case .notAffected: "not_affected"
        case .affected: "affected"
        case .fixed: "fixed"
        case .underInvestigation: "under_investigation"
        case .willNotFix: "will_not_fix"
        case .fixDeferred: "fix_deferred"
        case .endOfLife: "end_of_life"
        }
    }
}
