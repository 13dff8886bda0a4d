// SPDX-License-Identifier: Apache-2.0

/// The base score of a vector of CVSS, version 3 (first.org/cvss/v3.1/specification-document, section 7.1).
enum SeverityScore {
    /// The score, 0 to 10; nil for a vector of another version or one that lacks a metric.
    static func base(_ vector: String) -> Double? {
        let parts = vector.split(separator: "/")
        guard let version = parts.first, version == "CVSS:3.1" || version == "CVSS:3.0" else { return nil }
        var metrics: [Substring: Substring] = [:]
        for part in parts.dropFirst() {
            guard let colon = part.firstIndex(of: ":") else { return nil }
            metrics[part[..<colon]] = part[part.index(after: colon)...]
        }
        func value(_ name: Substring, _ values: [Substring: Double]) -> Double? { metrics[name].flatMap { values[$0] } }
        guard let scope = metrics["S"], scope == "U" || scope == "C" else { return nil }
        let isChanged = scope == "C"
        let privileges: [Substring: Double] =
            isChanged ? ["N": 0.85, "L": 0.68, "H": 0.5] : ["N": 0.85, "L": 0.62, "H": 0.27]
        let loss: [Substring: Double] = ["H": 0.56, "L": 0.22, "N": 0]
        guard let access = value("AV", ["N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2]),
            let complexity = value("AC", ["L": 0.77, "H": 0.44]), let rights = value("PR", privileges),
            let interaction = value("UI", ["N": 0.85, "R": 0.62]), let confidentiality = value("C", loss),
            let integrity = value("I", loss), let availability = value("A", loss)
        else { return nil }
        let base = 1 - (1 - confidentiality) * (1 - integrity) * (1 - availability)
        let impact = isChanged ? 7.52 * (base - 0.029) - 3.25 * power(base - 0.02, 15) : 6.42 * base
        guard impact > 0 else { return 0 }
        let sum = impact + 8.22 * access * complexity * rights * interaction
        return roundedUp(min(isChanged ? 1.08 * sum : sum, 10))
    }

    private static func power(_ number: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1.0) { product, _ in product * number }
    }

    /// To one digit behind the point, upwards, as the specification has it.
    private static func roundedUp(_ score: Double) -> Double {
        let whole = Int((score * 100_000).rounded())
        return whole % 10_000 == 0 ? Double(whole) / 100_000 : Double(whole / 10_000 + 1) / 10
    }

    /// The severity of a score by name.
    static func name(_ score: Double) -> String {
        switch score {
        case 9...: "CRITICAL"
        case 7..<9: "HIGH"
        case 4..<7: "MEDIUM"
        case _ where score > 0: "LOW"
        default: "UNKNOWN"
        }
    }
}
