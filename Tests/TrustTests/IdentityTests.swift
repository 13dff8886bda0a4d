// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

private let zeros = "sha256:" + String(repeating: "0", count: 64)
private let ones = "sha256:" + String(repeating: "1", count: 64)

@Suite(.timeLimit(.minutes(15))) struct IdentityTests {
    static let cases: [(identity: SignedIdentity, wanted: String?, signed: String, matches: Bool)] = [
        (.matchExact, "a.example/b:1", "a.example/b:1", true),
        (.matchExact, "a.example/b:1", "a.example/b:2", false),
        (.matchExact, "a.example/b:1", "a.example/b", false),
        (.matchExact, "busybox:latest", "docker.io/library/busybox:latest", true),
        (.matchExact, "a.example/b@\(zeros)", "a.example/b@\(zeros)", true),
        (.matchExact, "a.example/b@\(zeros)", "a.example/b:1", false),
        (.matchExact, nil, "a.example/b:1", false),
        (.matchExact, "a.example/b:1", "UPPER case", false),
        (.matchRepoDigestOrExact, "a.example/b:1", "a.example/b:1", true),
        (.matchRepoDigestOrExact, "a.example/b:1", "a.example/b:2", false),
        (.matchRepoDigestOrExact, "a.example/b@\(zeros)", "a.example/b:2", true),
        (.matchRepoDigestOrExact, "a.example/b@\(zeros)", "a.example/b", false),
        (.matchRepoDigestOrExact, "a.example/b@\(zeros)", "a.example/c:2", false),
        (.matchRepoDigestOrExact, "a.example/b:1@\(zeros)", "a.example/b:1", false),
        (.matchRepoDigestOrExact, "a.example/b:1@\(zeros)", "a.example/b:1@\(zeros)", true),
        (.matchRepoDigestOrExact, "a.example/b@\(zeros)", "a.example/b@\(ones)", true),
        (.matchRepository, "a.example/b:1", "a.example/b", true),
        (.matchRepository, "a.example/b:1", "a.example/b:9", true),
        (.matchRepository, "a.example/b:1", "a.example/bb", false),
        (.exactReference("a.example/b:1"), nil, "a.example/b:1", true),
        (.exactReference("a.example/b:1"), "x.example/y:1", "a.example/b:2", false),
        (.exactRepository("a.example/b"), nil, "a.example/b", true),
        (.exactRepository("a.example/b"), nil, "a.example/c", false),
        (.remapIdentity(prefix: "m.example", signedPrefix: "a.example"), "m.example/b:1", "a.example/b:1", true),
        (.remapIdentity(prefix: "m.example", signedPrefix: "a.example"), "m.example/b:1", "m.example/b:1", false),
        (.remapIdentity(prefix: "m.example", signedPrefix: "a.example"), "m.example2/b:1", "m.example2/b:1", true),
        (.remapIdentity(prefix: "m.example/x", signedPrefix: "a.example"), "m.example/xy:1", "a.exampley:1", false),
        (.remapIdentity(prefix: "m.example/x", signedPrefix: "short"), "m.example/x/b:1", "docker.io/short/b:1", false),
    ]

    @Test(arguments: cases) func `a signature's name counts as the rule says`(
        _ given: (identity: SignedIdentity, wanted: String?, signed: String, matches: Bool)
    ) throws {
        let wanted = try given.wanted.map { try Reference(parsing: $0) }
        #expect(given.identity.matches(signed: given.signed, wanted: wanted) == given.matches)
    }

    @Test(arguments: [
        ("a", true), ("localhost:5000", true), ("a.example/b/c", true), ("a/b", true), ("a.example/B", false),
        ("a.example/b:1", false), ("", false), ("a.example/", false), ("/b", false), ("a..b", false),
    ]) func `a prefix is a host, maybe with more behind it`(_ prefix: String, _ isValid: Bool) throws {
        let json: JSONValue = .object([
            "type": .string("remapIdentity"), "prefix": .string(prefix), "signedPrefix": .string("a.example"),
        ])
        if isValid {
            #expect(try SignedIdentity(json) == .remapIdentity(prefix: prefix, signedPrefix: "a.example"))
        } else {
            #expect(throws: TrustError("prefix \"\(prefix)\" is not valid")) { try SignedIdentity(json) }
        }
    }
}
