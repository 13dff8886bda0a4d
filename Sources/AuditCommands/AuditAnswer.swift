// SPDX-License-Identifier: Apache-2.0

import Auditing
import Expectations

/// What came of a rule, or of a test, for an object.
struct AuditAnswer {
    /// Where a rule is broken.
    struct Violation: Equatable {
        /// A path, a package, a key, a vulnerability, as it is printed; empty where the whole object is meant.
        let place: String
        /// What is wrong there.
        let problem: String
    }

    /// What the rule is called.
    let id: String
    let severity: AuditSeverity
    /// Why there is such a rule; empty where nobody says.
    let reason: String
    /// The first places; see `count`.
    private(set) var violations: [Violation] = []
    /// How many there are.
    private(set) var count = 0
    /// Why it cannot be told whether the rule holds, or holds everywhere.
    var gaps: [String] = []

    /// Places that are kept.
    private static let limit = 1000

    init(_ rule: AuditRule) { (id, severity, reason) = (rule.id, rule.severity, rule.reason) }

    /// What came of a test, which has no severity of its own: what is not looked at is a gap.
    init(_ result: ExpectationRun.Result) {
        (id, severity, reason) = (result.name, .medium, "")
        switch result.outcome {
        case .passed: break
        case .failed: for error in result.errors { add("", error) }
        case .skipped: gaps = result.errors
        }
    }

    /// Whether the rule is broken.
    var isBroken: Bool { count > 0 }

    /// Whether the rule is known to hold.
    var holds: Bool { count == 0 && gaps.isEmpty }

    mutating func add(_ place: String, _ problem: String) {
        count += 1
        if violations.count < Self.limit { violations.append(Violation(place: place, problem: problem)) }
    }
}
