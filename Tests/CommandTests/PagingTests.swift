// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Console
@testable import DiffCommands

/// Colours and the pager.
@Suite(.timeLimit(.minutes(15))) struct PagingTests {
    @Test func `which pager it is`() {
        func program(_ pager: String?, hasLess: Bool = false, isBorrowed: Bool = false) -> PagedOutput.Program? {
            PagedOutput.program(.init(pager: pager, hasLess: hasLess, isBorrowed: isBorrowed))
        }
        #expect(program(nil) == .init(words: ["less"], environment: ["LESS": "FRX"]))
        #expect(program(nil, hasLess: true) == .init(words: ["less"], environment: [:]))
        #expect(program("") == nil)
        #expect(program("cat") == nil)
        #expect(program("more -s") == .init(words: ["/bin/sh", "-c", "more -s"], environment: ["LESS": "FRX"]))
        // Another user's variables start nothing as root.
        let safe = PagedOutput.Program(
            words: ["/usr/bin/less", "-FRX"], environment: ["LESSSECURE": "1", "LESS": "", "LESSOPEN": ""])
        #expect(program("touch /pwned", isBorrowed: true) == safe)
        #expect(program("", isBorrowed: true) == safe)
    }

    @Test func `colours where they are asked for`() throws {
        let bench = try Sample.bench()
        let plain = try bench.cimg("diff", "old", "new").output
        let colored = try bench.cimg("diff", "--color", "always", "old", "new").output
        let colors: [Character: String] = ["A": "32", "D": "31", "C": "33"]
        let expected = plain.split(separator: "\n").map { line in
            "\u{1B}[\(colors[line.first ?? " "] ?? "")m\(line)\u{1B}[m\n"
        }.joined()
        expect(colored, is: expected)
        #expect(colored.contains("\u{1B}[32mA ") && colored.contains("\u{1B}[33mC "))
        try expect(bench.cimg("diff", "--color", "never", "old", "new").output, is: plain)
        // Machines read no colours.
        try expect(
            bench.cimg("diff", "--color", "always", "--json", "old", "new").output,
            is: bench.cimg("diff", "--json", "old", "new").output)
        try expect(
            bench.cimg("diff", "--color", "always", "--names-only", "old", "new").output,
            is: bench.cimg("diff", "--names-only", "old", "new").output)
    }

    @Test func `the lines of a text have git's colours`() {
        var paint = DiffPaint(isColored: true, isPlain: false)
        let text = "C /etc/x (content)\n--- a\n+++ b\n@@ -1,2 +1,2 @@\n same\n-- old\n++ new\nA /y\n"
        #expect(
            String(decoding: paint.painted(Array(text.utf8)), as: UTF8.self)
                == "\u{1B}[33mC /etc/x (content)\u{1B}[m\n\u{1B}[1m--- a\u{1B}[m\n\u{1B}[1m+++ b\u{1B}[m\n"
                + "\u{1B}[36m@@ -1,2 +1,2 @@\u{1B}[m\n same\n\u{1B}[31m-- old\u{1B}[m\n\u{1B}[32m++ new\u{1B}[m\n"
                + "\u{1B}[32mA /y\u{1B}[m\n")
        var plain = DiffPaint(isColored: false, isPlain: true)
        #expect(
            String(decoding: plain.painted(Array("R /a → /b\nC /c (size 3→5)\n".utf8)), as: UTF8.self)
                == "R /a -> /b\nC /c (size 3->5)\n")
    }

    /// Runs a command on a terminal of its own; what came, without the returns.
    private func onTerminal(_ bench: Workbench, _ line: String, _ environment: [String: String]) throws -> Outcome {
        let assignments = environment.map { "\($0)='\($1)' " }.joined()
        let program = Workbench.builtProgram
        let outcome = try bench.shell(
            "env TERM=xterm \(assignments)script -qec \"'\(program)' \(line)\" /dev/null < /dev/null")
        return Outcome(
            outcome.code, outcome.output.filter { $0 != "\r" && $0 != "\r\n" || $0 == "\n" }, errors: outcome.errors)
    }

    @Test func `a terminal gets colours and the pager that is named`() throws {
        let bench = try Sample.bench()
        let names = ["LC_ALL": "C.UTF-8", "CIMG_PAGER": "sed s/^/P:/", "PAGER": "false"]
        let paged = try onTerminal(bench, "diff old new -- /etc/name", names)
        #expect(paged.code == 1)
        #expect(paged.output.contains("P:\u{1B}[33mC /etc/name (content, size "), "\(paged)")
        let none = try onTerminal(
            bench, "diff --no-pager old new -- /etc/name", names.merging(["NO_COLOR": "1"]) { $1 })
        #expect(none.code == 1 && none.output.hasPrefix("C /etc/name (content, size 4→6)"), "\(none)")
        let plain = try onTerminal(bench, "diff old new -- /etc/name", ["LC_ALL": "C", "PAGER": "cat"])
        #expect(plain.code == 1 && plain.output.contains("size 4->6)"), "\(plain)")
    }
}
