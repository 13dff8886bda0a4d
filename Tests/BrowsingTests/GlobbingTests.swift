// SPDX-License-Identifier: Apache-2.0

import Browsing
import TestSupport
import Testing

/// Patterns of paths.
@Suite(.timeLimit(.minutes(15))) struct GlobbingTests {
    private static let entries: [MemoryEntry] = [
        .directory("etc"), .file("etc/a.conf"), .file("etc/b.conf"), .file("etc/.hidden.conf"), .file("etc/[x]"),
        .directory("etc/d"), .file("etc/d/c.conf"), .symlink("etc/link.conf", to: "../opt/real"), .directory("opt"),
        .file("opt/real"), .symlink("conf", to: "etc"), .symlink("dead", to: "nowhere"),
    ]

    @Test(arguments: TreeForm.allCases)
    func `patterns find what shells find`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(tree.fitting("/etc/*.conf") == ["/etc/a.conf", "/etc/b.conf", "/opt/real"])
        #expect(
            tree.fitting("/etc/*.conf", followsLast: false) == ["/etc/a.conf", "/etc/b.conf", "/etc/link.conf"])
        #expect(tree.fitting("etc/.*") == ["/etc/.hidden.conf"])
        #expect(tree.fitting("/etc/[ab].conf") == ["/etc/a.conf", "/etc/b.conf"])
        #expect(tree.fitting("/etc/[!a].conf") == ["/etc/b.conf"])
        #expect(tree.fitting("/*/d/?.conf") == ["/etc/d/c.conf"])
        #expect(
            tree.fitting("/**/*.conf", followsLast: false) == [
                "/etc/a.conf", "/etc/b.conf", "/etc/link.conf", "/etc/d/c.conf",
            ])
        #expect(tree.fitting("/**/") == ["/", "/etc", "/etc/d", "/opt"])
        #expect(tree.fitting("/etc/*/") == ["/etc/d"])
    }

    @Test(arguments: TreeForm.allCases)
    func `a deep tree is walked once for each component`(_ form: TreeForm) throws {
        let paths = (1...400).map { Array(repeating: "a", count: $0).joined(separator: "/") }
        let tree = try form.tree(paths.map { .directory($0) } + [.file("\(paths[399])/x")])
        #expect(tree.fitting("/**/**/**/**/x*") == ["/\(paths[399])/x"])
    }

    @Test(arguments: TreeForm.allCases)
    func `a link on the way is followed, and what it leads to is found once`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(tree.fitting("/conf/a*") == ["/etc/a.conf"])
        #expect(tree.fitting("/[ce]*/a*") == ["/etc/a.conf"])
        #expect(tree.fitting("/de*", followsLast: false) == ["/dead"])
        #expect(tree.fitting("/de*") == ["box: \"/de*\": no file fits the pattern"])
    }

    @Test(arguments: TreeForm.allCases)
    func `a path that is there means itself`(_ form: TreeForm) throws {
        let tree = try form.tree(Self.entries)
        #expect(tree.fitting("/etc/[x]") == ["/etc/[x]"])
        #expect(tree.fitting("/etc/\\[x*") == ["/etc/[x]"])
        #expect(tree.fitting("/etc/[y]") == ["box: \"/etc/[y]\": no file fits the pattern"])
        #expect(tree.fitting("/etc/none") == ["box: \"/etc/none\": no such file or directory"])
    }
}
