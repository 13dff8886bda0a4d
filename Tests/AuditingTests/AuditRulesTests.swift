// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Auditing

/// What a file of rules may say.
@Suite(.timeLimit(.minutes(15))) struct AuditRulesTests {
    private func rules(_ text: String) throws -> [AuditRule] { try AuditRules(Array(text.utf8), name: "r.yaml").rules }

    @Test func `every kind of rule is read`() throws {
        let found = try rules(
            """
            rules:
              - id: shadow
                severity: HIGH
                reason: nobody reads it
                files: {path: /etc/shadow, max-mode: "0640", owner: root, group: 42, type: file, lacks: [a, b]}
              - {id: tool, files: {path: [/a, "/b/*"], sha256: "sha256:\(String(repeating: "ab", count: 32))", mode: 755}}
              - {id: gone, files: {path: /x, exists: false}}
              - {id: suid, severity: critical, find: {expression: "-perm -4000 -name 'a b'", except: /usr/bin/su}}
              - {id: pkg, packages: {forbidden: ["openssl < 3"], required: bash, forbidden-licences: [AGPL*], owned: true}}
              - {id: conf, config: {equals: {User: app}, matches: {Env.PATH: "/usr/*"}, absent: [Env.*SECRET*]}}
              - {id: cve, vulnerabilities: {severity: high, fixable: true, except: [CVE-1], max: 2}}
              - {id: signed, signatures: required}
            """)
        #expect(found.map(\.id) == ["shadow", "tool", "gone", "suid", "pkg", "conf", "cve", "signed"])
        #expect(found.map(\.severity) == [.high, .medium, .medium, .critical, .medium, .medium, .medium, .medium])
        guard case .files(let shadow) = found[0].subject, case .files(let tool) = found[1].subject,
            case .files(let gone) = found[2].subject, case .find(let find) = found[3].subject,
            case .packages(let packages) = found[4].subject, case .configuration(let config) = found[5].subject,
            case .vulnerabilities(let flaws) = found[6].subject, case .signatures = found[7].subject
        else {
            Issue.record("a rule is of another kind")
            return
        }
        #expect(shadow.maximumMode == 0o640 && shadow.owner == "root" && shadow.group == "42")
        #expect(shadow.lacks == ["a", "b"] && shadow.exists)
        #expect(tool.paths == ["/a", "/b/*"] && tool.mode == 0o755)
        #expect(tool.digests == [String(repeating: "ab", count: 32)])
        #expect(!gone.exists)
        #expect(find.expression == ["-perm", "-4000", "-name", "a b"])
        #expect(find.paths == ["/"] && find.except == ["/usr/bin/su"])
        #expect(packages.required == ["bash"] && packages.isOwned && !packages.isVerified)
        #expect(config.equals == ["User": "app"] && config.absent == ["Env.*SECRET*"])
        #expect(flaws.severity == "HIGH" && flaws.isFixable && flaws.maximum == 2)
    }

    @Test(arguments: [
        ("", "has no list of rules"), ("rules: []", "rules: has none"), ("- a", "is not a mapping"),
        ("rules: [{signatures: required}]", "rule 1: has no id"),
        ("rules: [{id: a}]", "rule 1: has none of files, find"),
        ("rules: [{id: a, signatures: required, find: {expression: x}}]", "rule 1: has several of"),
        ("rules: [{id: a, signatures: maybe}]", "rule 1: signatures: must be written \"signatures: required\""),
        ("rules: [{id: a, signatures: {required: true}}]", "must be written \"signatures: required\""),
        ("rules: [{id: a, signatures: }]", "must be written \"signatures: required\""),
        ("rules: [{id: a, signatures: required}, {id: a, signatures: required}]", "\"a\" is another's id"),
        ("rules: [{id: a, severity: bad, signatures: required}]", "severity: \"bad\""),
        ("rules: [{id: a, sort: b, signatures: required}]", "\"sort\": none of"),
        ("rules: [{id: a, files: {path: etc}}]", "path: must be absolute"),
        ("rules: [{id: a, files: {path: /etc, mode: 99}}]", "mode: \"99\" is no mode"),
        ("rules: [{id: a, files: {path: /etc, exists: maybe}}]", "exists: is neither true nor false"),
        ("rules: [{id: a, files: {path: /etc, exists: false, mode: 755}}]", "asks more of what must not be there"),
        ("rules: [{id: a, files: {path: /etc, sha256: 12}}]", "sha256: \"12\" is no digest"),
        ("rules: [{id: a, files: [b]}]", "files: is not a mapping"),
        ("rules: [{id: a, find: {expression: \"-name 'x\"}}]", "a quotation mark is not closed"),
        ("rules: [{id: a, find: {path: /x}}]", "has no expression"),
        ("rules: [{id: a, vulnerabilities: {max: -1}}]", "max: is no count"),
        ("rules: [{id: a, config: {equals: [x]}}]", "equals: is not a mapping"),
        ("rules: [{id: a, packages: {forbidden: {x: y}}}]", "forbidden: is not a text"),
        ("other: 1", "\"other\": none of rules"), ("rules: [", "line"),
    ])
    func `what is not understood is refused, with its place`(_ text: String, _ problem: String) {
        let error = #expect(throws: AuditRulesError.self) { try rules(text) }
        #expect(error?.description.hasPrefix("r.yaml: ") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
    }
}
