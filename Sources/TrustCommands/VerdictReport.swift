// SPDX-License-Identifier: Apache-2.0

import Console
import OCI
import Signatures
import Sigstore
import Trust

/// Verdicts as text for people, and as JSON.
struct VerdictReport {
    /// The policy's file; nil for the built-in one.
    let file: String?
    /// Whether a rule without signatures refuses.
    let requiresSigned: Bool
    /// How many columns the text may take; nil for any number.
    var columns: Int?

    private var fileName: String { file?.printable ?? "built in" }

    /// Why an image is refused; nil if it may be used.
    func refusal(_ verdict: Verdict) -> String? {
        if let refusal = verdict.refusal { return refusal }
        let isSigned = verdict.requirements.contains { outcome in
            switch outcome.requirement {
            case .signedBy, .sigstoreSigned: true
            case .insecureAcceptAnything, .reject, .signedBaseLayer: false
            }
        }
        guard requiresSigned, !isSigned else { return nil }
        return "No signature verification policy found for image \(verdict.subject.name)"
    }

    // MARK: - Text

    /// What people read.
    func text(_ verdicts: [Verdict]) -> String {
        verdicts.map(text).joined().split(separator: "\n").map {
            TextTable.wrapped(String($0), columns: columns, indent: 10) + "\n"
        }.joined()
    }

    private func text(_ verdict: Verdict) -> String {
        let refusal = refusal(verdict)
        let whole = "\(verdict.digest)"
        let digest = columns == nil ? whole : TextTable.cut(whole, to: 20)
        var text = "\(verdict.subject.name.printable) \(digest) \(refusal == nil ? "accepted" : "refused")\n"
        text += "  policy  \(fileName): \(verdict.rule.description)\n"
        for (position, outcome) in verdict.requirements.enumerated() {
            let keys = Self.keys(outcome.requirement).map { " \($0)" } ?? ""
            var line = "  \(position + 1) \(outcome.requirement.type)\(keys)"
            if outcome.signatures.isEmpty { line += outcome.refusal.map { ": \($0)" } ?? "" }
            text += line.count > 3 ? "\(line)\n" : ""
            for signature in outcome.signatures { text += "    \(Self.line(signature))\n" }
        }
        for place in verdict.evidence?.places ?? [] { text += "  looked  \(place.line)\n" }
        if let refusal {
            text += "  reason  \(refusal.printable)\n"
            if let advice = verdict.advice { text += "  advice  \(advice)\n" }
        } else if let reference = verdict.subject.reference {
            text += "  use     \(reference.registry)/\(reference.repository)@\(verdict.digest)\n"
        }
        return text
    }

    private static func keys(_ requirement: PolicyRequirement) -> String? {
        switch requirement {
        case .signedBy(let signedBy): signedBy.keys.description
        case .sigstoreSigned(let signed):
            if case .keys(let keys) = signed.signers { keys.description } else { nil }
        case .insecureAcceptAnything, .reject, .signedBaseLayer: nil
        }
    }

    private static func line(_ signature: Verdict.SignatureOutcome) -> String {
        if let finding = signature.finding { return line(signature, finding) }
        guard let signer = signature.signer else {
            return "\(signature.name): \(signature.refusal?.printable ?? "accepted")"
        }
        var parts = ["by \(signer.primaryFingerprint) (\(signer.user.printable))"]
        if let time = signer.time { parts.append(DateText.day(time)) }
        if let payload = signature.payload { parts.append(payload.dockerReference.printable) }
        let line = "\(signature.name): \(parts.joined(separator: ", "))"
        return signature.refusal.map { "\(line): \($0.printable)" } ?? line
    }

    private static func line(_ signature: Verdict.SignatureOutcome, _ finding: SigstoreFinding) -> String {
        var parts = ["by \(finding.signer.description)"]
        if let log = finding.log {
            parts.append("log index \(log.index)" + (log.time.map { ", \(DateText.day($0))" } ?? ""))
        }
        if let name = finding.subjects.first?.name { parts.append(name.printable) }
        let line = "\(signature.name): \(parts.joined(separator: ", "))"
        return signature.refusal.map { "\(line): \($0.printable)" } ?? line
    }

    // MARK: - JSON

    /// What programs read.
    func json(_ verdicts: [Verdict]) -> [UInt8] {
        var text = JSONText()
        text.beginArray()
        for verdict in verdicts { write(verdict, to: &text) }
        text.endArray()
        return text.bytes
    }

    private func write(_ verdict: Verdict, to text: inout JSONText) {
        let refusal = refusal(verdict)
        text.beginObject()
        text.member("name", verdict.subject.name)
        text.member("digest", "\(verdict.digest)")
        text.key("accepted")
        text.bool(refusal == nil)
        text.member("reason", refusal)
        text.key("rule")
        text.beginObject()
        text.member("file", file)
        text.member("transport", verdict.rule.transport)
        text.member("scope", verdict.rule.scope)
        text.key("passed")
        text.beginArray()
        for scope in verdict.rule.passed { text.string(scope) }
        text.endArray()
        text.endObject()
        text.key("requirements")
        text.beginArray()
        for outcome in verdict.requirements { write(outcome, to: &text) }
        text.endArray()
        text.key("places")
        text.beginArray()
        for place in verdict.evidence?.places ?? [] { write(place, to: &text) }
        text.endArray()
        text.endObject()
    }

    private func write(_ outcome: Verdict.RequirementOutcome, to text: inout JSONText) {
        text.beginObject()
        text.member("type", outcome.requirement.type)
        text.member("keys", Self.keys(outcome.requirement))
        text.member("reason", outcome.refusal)
        text.key("signatures")
        text.beginArray()
        for signature in outcome.signatures {
            text.beginObject()
            text.member("name", signature.name)
            let finding = signature.finding
            text.member("key", signature.signer?.primaryFingerprint ?? finding?.key?.fingerprint)
            text.member("user", signature.signer?.user)
            text.member("identity", signature.payload?.dockerReference ?? finding?.subjects.first?.name)
            text.member("digest", signature.payload?.manifestDigest ?? finding?.subjects.first?.digest)
            text.key("time")
            let time = signature.signer?.time ?? finding?.log?.time
            if let time { text.number(time) } else { text.null() }
            if let finding {
                text.member("form", finding.form.rawValue)
                text.key("logIndex")
                if let log = finding.log { text.number(log.index) } else { text.null() }
            }
            text.member("reason", signature.refusal)
            text.endObject()
        }
        text.endArray()
        text.endObject()
    }

    private func write(_ place: LookedPlace, to text: inout JSONText) {
        text.beginObject()
        text.member("place", place.name)
        switch place.result {
        case .found(let count):
            text.member("result", "found")
            text.key("count")
            text.number(count)
        case .absent: text.member("result", "absent")
        case .notLooked(let reason):
            text.member("result", "not looked")
            text.member("reason", reason)
        }
        text.endObject()
    }
}

/// Times as text.
enum DateText {
    /// The day of a time in seconds since 1970, in UTC: `2026-11-28`.
    static func day(_ time: Int64) -> String {
        // Days since 1 March of the year 0, in eras of 400 years; what is out of bounds is no day.
        let (days, overflow) = time.subtractingReportingOverflow(time < 0 ? 86_399 : 0)
        let day = days / 86_400 + 719_468
        guard !overflow, (0...3_652_424).contains(day) else { return "\(time)" }
        let era = day / 146_097
        let dayOfEra = day % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let dayOfMonth = dayOfYear - (153 * shifted + 2) / 5 + 1
        func padded(_ number: Int64, _ width: Int) -> String {
            String(repeating: "0", count: max(0, width - "\(number)".count)) + "\(number)"
        }
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    }
}
