// SPDX-License-Identifier: Apache-2.0

import Advisories
import Console
import OCI

/// What is printed of scans, and how they went.
struct ScanReport {
    /// The format; nil for a line for each object.
    let format: ScanCommand.Format?
    let severities: Set<Severity>
    let showsSuppressed: Bool
    /// Whether one object is scanned, so that nothing stands around its report.
    let isSingle: Bool

    /// What is to be printed.
    private(set) var bytes: [UInt8] = []
    /// Whether something was found.
    private(set) var isFound = false
    /// Whether a distribution is past its end.
    private(set) var isEnded = false
    /// Whether an answer is missing.
    private(set) var hasTrouble = false

    init(format: ScanCommand.Format?, severities: Set<Severity>, showsSuppressed: Bool, isSingle: Bool) {
        self.format = format
        self.severities = severities
        self.showsSuppressed = showsSuppressed
        self.isSingle = isSingle
    }

    /// Tells that something could not be scanned.
    mutating func fail(_ text: String) {
        StandardError.print("cimg: \(text)")
        hasTrouble = true
    }

    /// Takes what was found in an object.
    mutating func take(_ scanned: ScannedObject) throws {
        let name = "\"\(scanned.bill.name.printable)\""
        let isOpen = !scanned.findings.isEmpty
        isFound = isFound || isOpen
        isEnded = isEnded || scanned.ended != nil
        switch format {
        case nil: bytes += Array(line(scanned).utf8)
        case .table:
            bytes += Array(
                ScanTable(scanned: scanned, severities: severities, columns: StandardOutput.terminalColumns).text.utf8)
        case .json:
            var text = JSONText(isCompact: !isSingle)
            ScanJSON(scanned: scanned, showsSuppressed: showsSuppressed).write(to: &text)
            bytes += text.bytes
        case .sarif: bytes += ScanSARIF(scanned: scanned).bytes()
        case .cyclonedx: bytes += ScanCycloneDX.bytes(scanned)
        }
        for note in scanned.notes { StandardError.print("cimg: \(name): \(note)") }
        if !scanned.suppressed.isEmpty {
            StandardError.print(
                "cimg: \(name): \(counted(scanned.suppressed.count, "finding")) left out by the ignore file or statements"
            )
        }
        for gap in scanned.gaps { fail(gap.hasPrefix(scanned.bill.name.printable) ? gap : "\(name): \(gap)") }
    }

    /// One line about an object: how many findings it has, the worst first.
    private func line(_ scanned: ScannedObject) -> String {
        let counts = ScannedObject.counts(scanned.findings).filter { $0.count > 0 }.reversed()
            .map { "\($0.count) \($0.severity.name)" }
        var parts =
            counts.isEmpty ? [scanned.gaps.isEmpty ? "nothing found" : "nothing found in what was judged"] : counts
        if scanned.ended != nil { parts.append("past its end") }
        if !scanned.gaps.isEmpty { parts.append("NOT WHOLLY JUDGED") }
        return "\(scanned.bill.name.printable): \(parts.joined(separator: ", "))\n"
    }
}
