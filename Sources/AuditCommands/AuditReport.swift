// SPDX-License-Identifier: Apache-2.0

import Auditing
import Console
import OCI

/// What came of all rules for one object after the other, as text or JSON.
struct AuditReport {
    /// Violations of a rule that are printed as text.
    private static let lineLimit = 20

    private let asJSON: Bool
    private var text = ""
    private var json = JSONText()
    /// Why something could not be told.
    private(set) var problems: [String] = []
    /// The worst severity of a rule that is broken; nil where none is.
    private(set) var worst: AuditSeverity?

    init(asJSON: Bool) {
        self.asJSON = asJSON
        if asJSON { json.beginArray() }
    }

    /// What is to be printed.
    var bytes: [UInt8] {
        guard asJSON else { return Array(text.utf8) }
        var json = json
        json.endArray()
        return json.bytes
    }

    /// Takes the answers of an object.
    mutating func take(_ name: String, _ digest: String?, _ answers: [AuditAnswer]) {
        for answer in answers {
            if answer.isBroken { worst = max(worst ?? answer.severity, answer.severity) }
            for gap in answer.gaps {
                // Errors of trees name the object already.
                let place = gap.hasPrefix(name.printable) ? "" : "\"\(name.printable)\": "
                problems.append("\(answer.id.printable): \(place)\(gap)")
            }
        }
        if asJSON { write(name, digest, answers) } else { print(name, answers) }
    }

    private mutating func print(_ name: String, _ answers: [AuditAnswer]) {
        let (broken, open) = (answers.count(where: \.isBroken), answers.count { !$0.isBroken && !$0.holds })
        var summary = broken == 0 ? "no rule is broken" : "\(broken) of \(counted(answers.count, "rule")) broken"
        if open > 0 { summary += ", \(open) NOT ANSWERED" }
        text += "\(name.printable): \(summary)\n"
        for answer in answers where answer.isBroken {
            text += "\(answer.severity.rawValue.uppercased()) \(answer.id.printable)"
            text += answer.reason.isEmpty ? "\n" : ": \(answer.reason.printable)\n"
            for violation in answer.violations.prefix(Self.lineLimit) {
                text += "  \(violation.place.isEmpty ? "" : "\(violation.place): ")\(violation.problem)\n"
            }
            if answer.count > Self.lineLimit { text += "  and \(answer.count - Self.lineLimit) more\n" }
        }
    }

    private mutating func write(_ name: String, _ digest: String?, _ answers: [AuditAnswer]) {
        json.beginObject()
        json.member("object", RawArguments.bytes(of: name))
        if let digest { json.member("digest", digest) }
        json.key("rules")
        json.beginArray()
        for answer in answers {
            json.beginObject()
            json.member("id", answer.id)
            json.member("severity", answer.severity.rawValue)
            if !answer.reason.isEmpty { json.member("reason", answer.reason) }
            json.member("result", answer.isBroken ? "broken" : answer.holds ? "holds" : "unknown")
            if answer.isBroken {
                json.key("count")
                json.number(answer.count)
                json.key("violations")
                json.beginArray()
                for violation in answer.violations {
                    json.beginObject()
                    if !violation.place.isEmpty { json.member("place", violation.place) }
                    json.member("problem", violation.problem)
                    json.endObject()
                }
                json.endArray()
            }
            if !answer.gaps.isEmpty { json.words(answer.gaps, key: "problems") }
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }
}
