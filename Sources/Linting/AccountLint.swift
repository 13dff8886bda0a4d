// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// Rules on the files of users and groups.
enum AccountLint {
    /// Judges a file.
    ///
    /// - Parameter path: `/etc/passwd`, `/etc/group` or `/etc/shadow`; of another nothing is said.
    static func findings(_ path: String, _ bytes: [UInt8]) -> [LintFinding] {
        let lines = bytes.split(separator: UInt8(ascii: "\n")).map { line in
            line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
                .map { String(decoding: $0, as: UTF8.self) }
        }.filter { $0.count > 1 && !$0[0].isEmpty && !$0[0].hasPrefix("#") }
        func finding(_ rule: LintRule, _ detail: String) -> LintFinding {
            LintFinding(rule, path: Array(path.utf8), detail: detail.printable)
        }
        if path == "/etc/shadow" {
            return lines.filter { $0[1].isEmpty }.map { finding(.passwordEmpty, $0[0]) }
        }
        guard path == "/etc/passwd" || path == "/etc/group" else { return [] }
        var found: [LintFinding] = []
        if path == "/etc/passwd" {
            found += lines.filter { $0[1].isEmpty }.map { finding(.passwordEmpty, $0[0]) }
        }
        var names: Set<String> = []
        var numbers: [String: String] = [:]
        for line in lines {
            if !names.insert(line[0]).inserted { found.append(finding(.accountTwice, "the name \(line[0])")) }
            guard line.count > 2, !line[2].isEmpty else { continue }
            if let other = numbers.updateValue(line[0], forKey: line[2]), other != line[0] {
                found.append(finding(.accountTwice, "the number \(line[2]): \(other) and \(line[0])"))
            }
        }
        return found
    }
}
