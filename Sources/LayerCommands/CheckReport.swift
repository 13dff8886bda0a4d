// SPDX-License-Identifier: Apache-2.0

import Console
import Layering
import OCI

/// What rules say of an image, as text.
struct CheckReport {
    let name: String
    let older: String?
    let subject: CheckVerdict.Subject
    let olderSubject: CheckVerdict.Older?
    let verdict: CheckVerdict
    /// The files that the rules come from.
    let files: [String]

    func text(_ form: ReportForm) -> String {
        switch form {
        case .text:
            return costs.joined(separator: "\n") + "\n"
                + files.map { "rules: \($0.printable)\n" }.joined() + TextTable.text(rows) + verdict.summary + "\n"
        case .markdown:
            let title = "### \(verdict.isPassed ? "✅" : "❌") \(MarkdownTable.escaped(name.printable))\n\n"
            return title + costs.map { MarkdownTable.escaped($0) + "\n\n" }.joined()
                + MarkdownTable.text([["", "rule", ""]] + rows) + "\n" + MarkdownTable.escaped(verdict.summary) + "\n"
        case .json: return json
        case .html: return String(decoding: page, as: UTF8.self)
        }
    }

    var costs: [String] {
        [CostLine.text(name, subject.costs)]
            + zip([older].compactMap { $0 }, [olderSubject].compactMap { $0 }).map { CostLine.text($0, $1.costs) }
    }

    /// What became of each rule; of those that are off only how many they are.
    var rows: [[String]] {
        let rows = verdict.lines.filter { !$0.isOff }.map { [$0.status.rawValue, $0.rule.rawValue, $0.reason] }
        let off = verdict.lines.count - rows.count
        return off == 0 ? rows : rows + [[CheckVerdict.Status.skip.rawValue, counted(off, "other"), "disabled"]]
    }

    private var json: String {
        var text = JSONText()
        text.beginObject()
        text.key("image")
        text.string(RawArguments.bytes(of: name))
        text.key("digest")
        text.string("\(subject.digest)")
        CostLine.write(subject.costs.total(), to: &text)
        if let older, let olderSubject {
            text.key("against")
            text.beginObject()
            text.key("image")
            text.string(RawArguments.bytes(of: older))
            text.key("digest")
            text.string("\(olderSubject.digest)")
            CostLine.write(olderSubject.costs.total(), to: &text)
            text.endObject()
        }
        text.key("rules")
        text.beginArray()
        for line in verdict.lines {
            text.beginObject()
            text.key("rule")
            text.string(line.rule.rawValue)
            text.key("status")
            text.string(line.status.rawValue.lowercased())
            text.key("reason")
            text.string(line.reason)
            text.endObject()
        }
        text.endArray()
        text.key("passed")
        text.bool(verdict.isPassed)
        text.key("verdict")
        text.string(verdict.summary)
        text.endObject()
        return String(decoding: text.bytes, as: UTF8.self)
    }
}
