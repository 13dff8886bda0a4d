// SPDX-License-Identifier: Apache-2.0

import Console
import Expectations
import OCI

/// Results of tests as text, JSON and JUnit's XML, in the forms of container-structure-test.
struct TestReport {
    typealias Result = ExpectationRun.Result

    let files: [(name: String, results: [Result])]
    let suiteName: String

    private var results: [Result] { files.flatMap(\.results) }

    /// Whether something was tested, and nothing failed.
    var isPassed: Bool { count(.failed) == 0 && !results.isEmpty }

    private func count(_ outcome: Result.Outcome) -> Int { results.filter { $0.outcome == outcome }.count }

    private var duration: Int64 { results.reduce(0) { $0 &+ $1.duration } }

    func bytes(_ form: TestForm) -> [UInt8] {
        switch form {
        case .text: Array(text.utf8)
        case .json: json
        case .junit: Array(junit.utf8)
        }
    }

    private var text: String {
        var text = ""
        var width = 27
        for file in files {
            let base = file.name.split(separator: "/").last.map(String.init) ?? file.name
            let title = "====== Test file: \(base.printable) ======"
            width = title.count
            let line = String(repeating: "=", count: width)
            text += "\n\(line)\n\(title)\n\(line)\n"
            for result in file.results {
                text += "=== RUN: \(result.name.printable)\n--- \(Self.word(result.outcome))\n"
                text += "duration: \(GoDuration(nanoseconds: result.duration))\n"
                let title = result.outcome == .skipped ? "Reason" : "Error"
                for error in result.errors { text += "\(title): \(error)\n" }
            }
        }
        guard !results.isEmpty else { return text + "No tests run! Check config file format.\n" }
        width |= 1
        let line = String(repeating: "=", count: width)
        let half = String(repeating: "=", count: (width - 9) / 2)
        text += "\n\(line)\n\(half) RESULTS \(half)\n\(line)\n"
        text += "Passes:      \(count(.passed))\nFailures:    \(count(.failed))\n"
        if count(.skipped) > 0 { text += "Skipped:     \(count(.skipped))\n" }
        text += "Duration:    \(GoDuration(nanoseconds: duration))\nTotal tests: \(results.count)\n\n"
        return text + (isPassed ? "PASS\n" : "FAIL\n")
    }

    private static func word(_ outcome: Result.Outcome) -> String {
        switch outcome {
        case .passed: "PASS"
        case .failed: "FAIL"
        case .skipped: "SKIP"
        }
    }

    private var json: [UInt8] {
        var text = JSONText(isCompact: true)
        text.beginObject()
        text.key("Pass")
        text.number(count(.passed))
        text.key("Fail")
        text.number(count(.failed))
        if count(.skipped) > 0 {
            text.key("Skip")
            text.number(count(.skipped))
        }
        text.key("Total")
        text.number(results.count)
        text.key("Duration")
        text.number(duration)
        if !results.isEmpty {
            text.key("Results")
            text.beginArray()
            for result in results { Self.write(result, to: &text) }
            text.endArray()
        }
        text.endObject()
        return text.bytes
    }

    private static func write(_ result: Result, to text: inout JSONText) {
        text.beginObject()
        text.key("Name")
        text.string(result.name)
        text.key("Pass")
        text.bool(result.outcome == .passed)
        if result.outcome == .skipped {
            text.key("Skipped")
            text.bool(true)
        }
        if !result.errors.isEmpty {
            text.key(result.outcome == .skipped ? "Reasons" : "Errors")
            text.beginArray()
            for error in result.errors { text.string(error) }
            text.endArray()
        }
        text.key("Duration")
        text.number(result.duration)
        text.endObject()
    }

    private var junit: String {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
        let skipped = count(.skipped) > 0 ? " skipped=\"\(count(.skipped))\"" : ""
        text += "<testsuites failures=\"\(count(.failed))\"\(skipped) tests=\"\(results.count)\""
        text += " time=\"\(Self.seconds(duration))\"><testsuite name=\"\(Self.escaped(suiteName))\">"
        for result in results {
            text += "<testcase name=\"\(Self.escaped(result.name))\" time=\"\(Self.seconds(result.duration))\">"
            let tag = result.outcome == .skipped ? "skipped" : "failure"
            for error in result.errors { text += "<\(tag)>\(Self.escaped(error))</\(tag)>" }
            text += "</testcase>"
        }
        return text + "</testsuite></testsuites>\n"
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let digits = String(1_000_000_000 + nanoseconds % 1_000_000_000).dropFirst()
        return "\(nanoseconds / 1_000_000_000).\(digits)"
    }

    /// A text for XML: without control characters, which it cannot have.
    private static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.printable {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&#34;"
            default: result.append(character)
            }
        }
        return result
    }
}
