// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import TestSupport
import Testing

/// Expressions of `find`: what they ask, and what is wrong with them.
@Suite(.timeLimit(.minutes(15))) struct FindTests {
    private static let passwd = "root:x:0:0::/:\nwww:x:33:33::/:\n"
    private static let entries: [MemoryEntry] = [
        .directory("bin", mtime: 100), .file("bin/su", "12345", mode: 0o4755, mtime: 500),
        .hardLink("bin/su2", to: "bin/su"), .file("bin/wall", mode: 0o2755, gid: 5, mtime: 300),
        .directory("etc", mtime: 100), .file("etc/group", "root:x:0:\n", mtime: 100),
        .file("etc/passwd", passwd, mtime: 200), .directory("srv", mode: 0o1777, uid: 33, gid: 33),
        .file("srv/.hidden", uid: 33, gid: 33), .file("srv/Index.HTML", String(repeating: "x", count: 1500), uid: 33),
        .file("srv/cap", "c", uid: 99, xattrs: [("security.capability", "x")]), .symlink("srv/link", to: "/etc/passwd"),
        .special("srv/tty", .characterDevice, 4, 1), .directory("tmp", mode: 0o1777),
    ]

    private static func found(_ form: TreeForm, _ words: String, from start: String = "/") -> [String] {
        do {
            let tree = try form.tree(entries)
            let expression = try FindExpression(words.split(separator: " ").map { Array($0.utf8) })
            var found: [String] = []
            let finding = try Finding(expression, in: tree, now: 1_000_000)
            let outcome = try finding.run(from: tree.at(start, followsLast: false)) { action, walked in
                found.append(String(decoding: walked.path, as: UTF8.self) + (action == .print ? "" : " \(action)"))
            }
            return found + outcome.problems.map { "\($0)" }
        } catch { return ["\(error)"] }
    }

    @Test(arguments: [
        ("-perm -4000", ["/bin/su", "/bin/su2"]), ("-perm /6000", ["/bin/su", "/bin/su2", "/bin/wall"]),
        ("-perm /u+s,g+s", ["/bin/su", "/bin/su2", "/bin/wall"]), ("-perm -u=s", ["/bin/su", "/bin/su2"]),
        ("-perm 2755", ["/bin/wall"]), ("-perm -1000", ["/srv", "/tmp"]), ("-perm -o+t", ["/srv", "/tmp"]),
        ("-perm -o+w ! -type l", ["/srv", "/tmp"]), ("-user root -perm /6000 -links +1", ["/bin/su", "/bin/su2"]),
        ("-user www -type f", ["/srv/.hidden", "/srv/Index.HTML"]), ("-uid +33", ["/srv/cap"]),
        ("-nouser", ["/srv/cap"]),
        ("-gid 5", ["/bin/wall"]), ("-nogroup -type f", ["/bin/wall", "/srv/.hidden"]),
        ("-name s*", ["/bin/su", "/bin/su2", "/srv"]), ("-iname *.html", ["/srv/Index.HTML"]),
        ("-path /srv/*i*", ["/srv/.hidden", "/srv/link"]), ("-lname */passwd", ["/srv/link"]),
        ("-type c,l", ["/srv/link", "/srv/tty"]),
        ("-size 3", ["/srv/Index.HTML"]), ("-size -3k -size +100c -type f", ["/srv/Index.HTML"]),
        ("-type f -size 1", ["/bin/su", "/bin/su2", "/etc/group", "/etc/passwd", "/srv/cap"]),
        ("-newer /etc/passwd", ["/bin/su", "/bin/su2", "/bin/wall"]), ("-newermt @300", ["/bin/su", "/bin/su2"]),
        ("-empty -type d", ["/tmp"]), ("-empty -type f", ["/bin/wall", "/srv/.hidden"]),
        ("-xattr security.*", ["/srv/cap"]),
        ("-name su -o -name tty", ["/bin/su", "/srv/tty"]), ("( -name su -o -name tty ) -type f", ["/bin/su"]),
        ("! -path /srv* ! -path /bin* -type f", ["/etc/group", "/etc/passwd"]), ("! ! -name su", ["/bin/su"]),
        ("-name bin -prune -o -name su -print", []),
        ("-path /srv -prune -o -type f -newermt @250 -print", ["/bin/su", "/bin/su2", "/bin/wall"]),
        ("-maxdepth 1 -name ?i?", ["/bin"]), ("-mindepth 2 -name s*", ["/bin/su", "/bin/su2"]), ("-maxdepth 0", ["/"]),
        ("-name su -print0", ["/bin/su printNul"]), ("-name su -ls -o -name tty -print", ["/bin/su list", "/srv/tty"]),
        ("-name su -quit , -name b* -print", ["/bin"]), ("-false -o -name su", ["/bin/su"]), ("-type f -quit", []),
        ("-mtime 11 -name su", ["/bin/su"]), ("-mtime -11 -name su", []), ("-mmin +16000 -name tty", ["/srv/tty"]),
        ("-digest 5994471abb01112afcc18159f6cc74b4", ["/bin/su", "/bin/su2"]),
    ])
    func `an expression finds what it asks for`(_ words: String, _ paths: [String]) {
        for form in TreeForm.allCases { #expect(Self.found(form, words) == paths, "\(form)") }
    }

    @Test func `a start is searched itself, and a link is no directory`() {
        #expect(Self.found(.mapped, "-type d", from: "/srv") == ["/srv"])
        #expect(Self.found(.mapped, "", from: "/srv/link") == ["/srv/link"])
        #expect(Self.found(.memory, "-name srv", from: "/srv") == ["/srv"])
    }

    @Test(arguments: [
        ("-nme x", "there is no test \"-nme\"; \"cimg help find\" lists them"),
        ("-name", "-name needs an argument behind it"),
        ("-perm 999", "-perm: cannot mean anything by \"999\""),
        ("-perm +4000", "-perm: cannot mean anything by \"+4000\""),
        ("-type x", "-type: cannot mean anything by \"x\""), ("-size 5q", "-size: cannot mean anything by \"5q\""),
        ("-size 99999999999999999999", "-size: cannot mean anything by \"99999999999999999999\""),
        ("-newermt yesterday", "-newermt: cannot mean anything by \"yesterday\""),
        ("( -name x", "a closing parenthesis is missing"),
        ("-name x )", "nothing begins with \")\" here"), ("( )", "nothing stands in the parentheses"),
        ("-name x -o", "the expression ends where a test should stand"),
        ("!", "the expression ends where a test should stand"),
        ("-exec rm", "-exec: nothing is run and nothing is changed; -print0 hands paths to other programs"),
        ("-user nobody", "box: no user \"nobody\" in its /etc/passwd"),
        ("-maxdepth x", "-maxdepth needs a number behind it"),
        ("-newer /none", "box: \"/none\": no such file or directory"),
        ("-digest xyz", "-digest: cannot mean anything by \"xyz\""),
    ])
    func `what is wrong is told by its word`(_ words: String, _ line: String) {
        #expect(Self.found(.mapped, words) == [line])
    }

    @Test func `bounds of an expression are told`() throws {
        let deep = String(repeating: "( ", count: 101) + "-true " + String(repeating: ") ", count: 101)
        #expect(Self.found(.memory, deep) == ["more than 100 parentheses in one another"])
        let hundred = String(repeating: "( ", count: 100) + "-name su " + String(repeating: ") ", count: 100)
        #expect(Self.found(.memory, hundred) == ["/bin/su"])
        let long = String(repeating: "! ", count: 10_001) + "-true"
        #expect(Self.found(.memory, long) == ["more than 10000 words"])
        #expect(Self.found(.memory, String(repeating: "! ", count: 9_998) + "-name su") == ["/bin/su"])
    }

    @Test func `layers are numbered from the base, and named by their diff IDs`() throws {
        var fixture = TreeFixture(layerCount: 3)
        for layer in 0..<3 { fixture.file("f\(layer)", "x", layer: UInt32(layer)) }
        let tree = BrowsedTree(try TreeForm.mapped(fixture), name: Array("box".utf8))
        func found(_ words: String) throws -> [String] {
            var paths: [String] = []
            let expression = try FindExpression(words.split(separator: " ").map { Array($0.utf8) })
            _ = try Finding(expression, in: tree, now: 0).run(from: tree.root) { paths.append($1.file.text) }
            return paths
        }
        #expect(try found("-layer 0") == ["/f0"])
        #expect(try found("-layer 1") == ["/f1"])
        #expect(try found("-layer +0") == ["/f1", "/f2"])
        #expect(try found("-layer -2") == ["/f0", "/f1"])
        #expect(try found("-layer top") == ["/f2"])
        #expect(try found("-layer \(fixture.layerNames[1])") == ["/f1"])
        #expect(try found("-layer \(fixture.layerNames[1].digest.hex.prefix(12))") == ["/f1"])
        for word in ["3", "+3", "-3"] {
            let error = #expect(throws: FindError.self) { try found("-layer \(word)") }
            #expect(error?.description == "box: has no layer 3: its layers are 0 to 2")
        }
        // Of several objects one may have it.
        let some = try FindExpression(["-layer", "3"].map { Array($0.utf8) })
        _ = try Finding(some, in: tree, now: 0, isOnlyOne: false).run(from: tree.root) { _, _ in
            Issue.record("a file of no layer")
        }
        #expect(
            Self.found(.memory, "-layer 1") == [
                "box: does not know which layer brought a file; an image of a store, a source or a registry does"
            ])
    }

    @Test(arguments: [
        ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2026-11-29 07:00", 1_795_935_600),
        ("2026-11-29T07:00:59Z", 1_795_935_659), ("@-5", -5), ("1969-12-31T23:59:59", -1),
        ("0000-03-01", -62_162_035_200),
        ("1900-03-01", -2_203_891_200),
    ])
    func `times are read`(_ text: String, _ seconds: Int64) {
        #expect(FindTime.timestamp(Array(text.utf8)) == Timestamp(seconds: seconds))
    }

    @Test(arguments: ["", "2026-13-01", "2026-02-29", "2026-1", "2026-01-01T24:00", "2026-01-01T1", "26-00-01", "x"])
    func `what is no time is refused`(_ text: String) { #expect(FindTime.timestamp(Array(text.utf8)) == nil) }

    @Test func `a file that cannot be read is a problem, and the rest is searched`() throws {
        let tree = BrowsedTree(
            MemoryTree([.file("a"), .file("b"), .file("c")], failures: ["b": FailedRead()]), name: Array("box".utf8))
        var found: [String] = []
        let finding = try Finding(FindExpression(["-uid", "0", "-type", "f"].map { Array($0.utf8) }), in: tree, now: 0)
        let outcome = try finding.run(from: tree.root) { found.append($1.file.text) }
        #expect(found == ["/a", "/c"])
        #expect(outcome.problems.map { "\($0)" } == ["box: \"/b\": cannot be read"])
        #expect(outcome.problemCount == 1)
    }

    private struct FailedRead: Error, CustomStringConvertible {
        var description: String { "cannot be read" }
    }
}
