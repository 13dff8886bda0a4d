// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

/// Reads a policy; the error is its text without the file.
func policy(_ json: String) throws -> Policy { try Policy(json: Array(json.utf8), name: "/p.json") }

@Suite(.timeLimit(.minutes(15))) struct PolicyTests {
    static let refusals: [(json: String, reason: String)] = [
        (#"{}"#, "Default policy is missing"),
        (#"{"transports":{}}"#, "Default policy is missing"),
        (#"{"default":[]}"#, "List of verification policy requirements must not be empty"),
        (#"{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}"#, #"Duplicate key "default""#),
        (#"{"default":[{"type":"reject"}],"defaults":[]}"#, #"Unknown key "defaults""#),
        (#"{"Default":[{"type":"reject"}]}"#, #"Unknown key "Default""#),
        (#"{"default":[{"type":"reject","type":"reject"}]}"#, #"Duplicate key "type""#),
        (
            #"{"default":[{"type":"reject"}],"transports":{"docker":{"a.b/c":[{"type":"reject"}],"a.b/c":[{"type":"reject"}]}}}"#,
            #"Duplicate key "a.b/c""#
        ),
        (#"{"default":[{"type":"reject","keyPath":"/k"}]}"#, #"Unknown key "keyPath""#),
        (#"{"default":[{"type":"accept"}]}"#, #"Unknown policy requirement type "accept""#),
        (#"{"default":[{}]}"#, #"Unknown policy requirement type """#),
        (#"{"default":[{"type":"reject"}],"transports":{"dir":{"/":[{"type":"reject"}]}}}"#, #"Unknown key "/""#),
        (#"{"default":[{"type":"reject"}],"transports":{"oci":{"/a/":[{"type":"reject"}]}}}"#, #"Unknown key "/a/""#),
        (
            #"{"default":[{"type":"reject"}],"transports":{"docker":{"a":[]}}}"#,
            "List of verification policy requirements must not be empty"
        ),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys"}]}"#,
            "Exactly one of keyPath, keyPaths and keyData must be specified, none of them present"
        ),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","keyData":""}]}"#,
            "Exactly one of keyPath, keyPaths and keyData must be specified, more than one present"
        ),
        (#"{"default":[{"type":"signedBy","keyType":"PGP","keyPath":"/a"}]}"#, #"Unrecognized keyType value "PGP""#),
        (#"{"default":[{"type":"signedBy","keyPath":"/a"}]}"#, #"invalid keyType """#),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":{"type":"x"}}]}"#,
            #"Unknown policy reference match type "x""#
        ),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":{"type":"exactReference","dockerReference":"a/b"}}]}"#,
            #"dockerReference "a/b" contains neither a tag nor digest"#
        ),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":{"type":"remapIdentity","prefix":"a:b","signedPrefix":"x"}}]}"#,
            #"prefix "a:b" is not valid"#
        ),
        (
            #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":{"type":"remapIdentity","prefix":"a"}}]}"#,
            #"Key "signedPrefix" missing in a JSON object"#
        ),
        (
            #"{"default":[{"type":"sigstoreSigned"}]}"#,
            "exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio, and pki must be specified"
        ),
        (#"{"default":[{"type":"sigstoreSigned","keyPaths":[]}]}"#, #""keyPaths" contains no entries"#),
        (
            #"{"default":[{"type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i"}}]}"#,
            "subjectEmail not specified"
        ),
        (
            #"{"default":[{"type":"sigstoreSigned","fulcio":{"caPath":"/c","oidcIssuer":"i","subjectEmail":"s"}}]}"#,
            "At least one of rekorPublickeyPath, rekorPublicKeyPaths, rekorPublickeyData and rekorPublicKeyDatas must be specified if fulcio is used"
        ),
        (#"{"default":null}"#, "List of verification policy requirements expected"),
        (#"{"default":[{"type":"reject"}]} {}"#, "is not valid JSON"),
        ("[]", "JSON object expected"),
    ]

    @Test(arguments: refusals) func `a policy with a fault is refused whole, by its cause`(
        _ refusal: (json: String, reason: String)
    ) {
        let error = #expect(throws: TrustError.self) { try policy(refusal.json) }
        #expect(error?.description == "invalid policy in \"/p.json\": \(refusal.reason)")
    }

    @Test func `every kind of requirement is read whole`() throws {
        let read = try policy(
            #"""
            {"default":[{"type":"insecureAcceptAnything"},{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}],
             "transports":{"docker":{"":[{"type":"reject"}],"a.example":[
              {"type":"signedBy","keyType":"GPGKeys","keyPaths":["/a","/b"],"signedIdentity":{"type":"exactRepository","dockerRepository":"a/b"}},
              {"type":"signedBy","keyType":"signedByGPGKeys","keyData":"AAEC"},
              {"type":"sigstoreSigned","keyDatas":["AA==","AQ=="],"rekorPublicKeyPath":"/r","signedIdentity":{"type":"matchRepository"}},
              {"type":"sigstoreSigned","fulcio":{"caData":"AA==","oidcIssuer":"i","subjectEmail":"s"},"rekorPublicKeyDatas":["AA=="]},
              {"type":"sigstoreSigned","pki":{"caRootsPath":"/r","caIntermediatesData":"AA==","subjectHostname":"h"}}]},
             "strange":{"anything / goes":[{"type":"reject"}]}}}
            """#)
        #expect(read.defaultRequirements == [.insecureAcceptAnything, .signedBaseLayer(.matchExact)])
        #expect(
            read.transports["docker"]?["a.example"] == [
                .signedBy(SignedBy(keys: .paths(["/a", "/b"]), identity: .exactRepository("a/b"))),
                .signedBy(SignedBy(keyType: "signedByGPGKeys", keys: .data([[0, 1, 2]]))),
                .sigstoreSigned(
                    SigstoreSigned(
                        signers: .keys(.data([[0], [1]])), rekorKeys: .paths(["/r"]), identity: .matchRepository)),
                .sigstoreSigned(
                    SigstoreSigned(
                        signers: .fulcio(.init(authority: .data([[0]]), oidcIssuer: "i", subjectEmail: "s")),
                        rekorKeys: .data([[0]]), identity: .matchRepoDigestOrExact)),
                .sigstoreSigned(
                    SigstoreSigned(
                        signers: .pki(
                            .init(roots: .paths(["/r"]), intermediates: .data([[0]]), subjectHostname: "h")),
                        rekorKeys: nil, identity: .matchRepoDigestOrExact)),
            ])
        #expect(read.transports["strange"]?["anything / goes"] == [.reject])
    }

    @Test func `an image's scopes go from its name to its domain`() throws {
        let scopes = PolicySubject.docker(try Reference(parsing: "reg.a.example:5000/x/y/z")).scopes
        #expect(
            scopes == [
                "reg.a.example:5000/x/y/z:latest", "reg.a.example:5000/x/y/z", "reg.a.example:5000/x/y",
                "reg.a.example:5000/x", "reg.a.example:5000", "*.a.example", "*.example",
            ])
        #expect(
            PolicySubject.docker(try Reference(parsing: "busybox")).scopes.first == "docker.io/library/busybox:latest")
        #expect(
            PolicySubject.path(transport: "oci", name: "oci:/a/b:t", path: "/a/b").scopes == ["/a/b", "/a"])
        #expect(
            PolicySubject.containersStorage(
                try Reference(parsing: "a.example/b:1"), identifier: "0123", store: "overlay@/s", name: "n"
            ).scopes == [
                "[overlay@/s]a.example/b:1@0123", "[overlay@/s]a.example/b:1", "[overlay@/s]a.example/b",
                "[overlay@/s]a.example", "[overlay@/s]*.example", "[overlay@/s]", "[/s]",
            ])
    }

    @Test func `the first scope that a policy names decides, and no other`() throws {
        let read = try policy(
            #"""
            {"default":[{"type":"reject"}],"transports":{
             "docker":{"a.example/x":[{"type":"insecureAcceptAnything"}],"*.example":[{"type":"reject"}],"":[{"type":"reject"}]},
             "dir":{"/images":[{"type":"insecureAcceptAnything"}]}}}
            """#)
        func rule(_ name: String) throws -> Policy.Rule { read.rule(for: .docker(try Reference(parsing: name))) }
        #expect(try rule("a.example/x/y:1").description == #"docker "a.example/x""#)
        #expect(try rule("a.example/x/y:1").passed == ["a.example/x/y:1", "a.example/x/y"])
        #expect(try rule("a.example/xy").description == #"docker "*.example""#)
        #expect(try rule("busybox").description == "docker default")
        #expect(read.rule(for: .path(transport: "dir", name: "", path: "/images/a")).scope == "/images")
        #expect(read.rule(for: .path(transport: "dir", name: "", path: "/image")).description == "default")
        #expect(read.rule(for: .unscoped(transport: "docker-archive", name: "")).description == "default")
    }

    @Test(arguments: [
        ("dir", "/a/b", true), ("dir", "a", false), ("oci", "/a//b", false), ("oci", "/a/../b", false),
        ("docker-archive", "/a", false), ("tarball", "x", false), ("docker", "anything", true),
        ("docker-daemon", "a.example/b", true), ("docker-daemon", "sha256:" + String(repeating: "0", count: 64), false),
        ("containers-storage", "[overlay@/s]a/b", true), ("containers-storage", "[overlay@s]", false),
        ("containers-storage", "a/b", false), ("dir", "", true),
    ]) func `a transport's scopes are checked`(_ transport: String, _ scope: String, _ isValid: Bool) {
        #expect(PolicyScope.isValid(scope, of: transport) == isValid)
    }
}
