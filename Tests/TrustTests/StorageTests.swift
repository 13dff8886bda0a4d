// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@testable import Sigstore
@testable import Trust

@Suite(.timeLimit(.minutes(15))) struct StorageTests {
    private func storage(_ files: String...) throws -> SignatureStorage {
        var storage = SignatureStorage()
        for (position, text) in files.enumerated() { try storage.add(Array(text.utf8), name: "/d/\(position).yaml") }
        return storage
    }

    @Test func `each setting comes from the most specific scope that has it`() throws {
        let storage = try storage(
            """
            # a comment
            default-docker:
              sigstore-staging: file:///default-staging
            docker:
              a.example:
                lookaside: https://a.example/sigs
                use-sigstore-attachments: true
              a.example/x:
                lookaside-staging: "file:///x"
                sigstore: file:///old
                unknown: [1, 2]
            """, "docker:\n  b.example:\n")
        let inner = try Reference(parsing: "a.example/x/y:1")
        #expect(storage.address(for: inner, writing: true)?.address == "file:///x")
        #expect(storage.address(for: inner, writing: false)?.address == "file:///old")
        #expect(storage.address(for: inner, writing: false)?.file == "/d/0.yaml")
        #expect(storage.usesSigstoreAttachments(for: inner))
        let outer = try Reference(parsing: "a.example/z")
        #expect(storage.address(for: outer, writing: true)?.address == "https://a.example/sigs")
        let other = try Reference(parsing: "b.example/z")
        #expect(storage.address(for: other, writing: true)?.address == "file:///default-staging")
        #expect(storage.address(for: other, writing: false) == nil)
        #expect(!storage.usesSigstoreAttachments(for: other))
    }

    @Test(arguments: [
        (
            "docker: {a: {}}\n", "docker: {a: {}}\n",
            #"Error parsing signature storage configuration: "docker" namespace "a" defined both in "/d/0.yaml" and "/d/1.yaml""#
        ),
        (
            "default-docker: {}\n", "default-docker: {}\n",
            #"Error parsing signature storage configuration: "default-docker" defined both in "/d/0.yaml" and "/d/1.yaml""#
        ),
        ("docker:\n  a: {lookaside: x}\n  a: {}\n", "", #"/d/0.yaml: has "a" twice in one mapping"#),
        ("- a\n", "", "/d/0.yaml: the file: is not a mapping"),
        ("docker:\n  a: text\n", "", "/d/0.yaml: a: is not a mapping"),
        ("docker:\n  a: {lookaside: [x]}\n", "", "/d/0.yaml: a: lookaside: is not a string"),
        (
            "docker:\n  a: {use-sigstore-attachments: maybe}\n", "",
            "/d/0.yaml: a: use-sigstore-attachments: is not true or false"
        ),
        ("docker: &x {a: {}}\nother: *x\n", "", "/d/0.yaml: has an alias, which is not supported"),
        ("---\na: 1\n---\nb: 1\n", "", "/d/0.yaml: has several documents"),
        ("a: {\n", "", "/d/0.yaml: line 2: did not find expected node content"),
        (
            "a: \(String(repeating: "[", count: 20))\n", "",
            "/d/0.yaml: has more than 16 lists and mappings within each other"
        ),
    ]) func `a file with a fault is refused by its name`(_ first: String, _ second: String, _ reason: String) {
        #expect(throws: TrustError(reason)) { try storage(first, second) }
    }

    @Test func `signatures lie below the repository and the digest`() {
        let digest = Digest(of: [])
        #expect(
            SignatureStorage.path(repository: "x/y", digest: digest)
                == "x/y@sha256=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }
}

@Suite(.timeLimit(.minutes(15))) struct PolicyDocumentTests {
    @Test func `a policy is changed where it is meant, and nothing else is lost`() throws {
        let json =
            #"{"default":[{"type":"reject"}],"transports":{"strange":{"x":[{"type":"reject"}]},"dir":{"/d":[{"type":"insecureAcceptAnything"}]}}}"#
        var document = try PolicyDocument(json: Array(json.utf8), name: "p")
        document.set("a.example", of: "docker", [PolicyDocument.signed("signedBy", paths: ["/k"])])
        #expect(document.transport(of: "a.example") == "docker")
        #expect(document.transport(of: "/d") == "dir")
        let removed = [document.remove("/d", of: "dir"), document.remove("/d", of: "dir")]
        #expect(removed == [true, false])
        let read = try Policy(json: document.text, name: "p")
        #expect(
            read
                == Policy(
                    [.reject],
                    transports: [
                        "strange": ["x": [.reject]],
                        "docker": ["a.example": [.signedBy(SignedBy(keys: .paths(["/k"])))]],
                    ]))
        #expect(
            String(decoding: document.text, as: UTF8.self) == """
                {
                    "default": [
                        {
                            "type": "reject"
                        }
                    ],
                    "transports": {
                        "docker": {
                            "a.example": [
                                {
                                    "type": "signedBy",
                                    "keyPath": "/k",
                                    "keyType": "GPGKeys"
                                }
                            ]
                        },
                        "strange": {
                            "x": [
                                {
                                    "type": "reject"
                                }
                            ]
                        }
                    }
                }

                """)
    }

    @Test func `what is no policy is not changed`() {
        #expect(throws: TrustError(#"invalid policy in "p": Default policy is missing"#)) {
            try PolicyDocument(json: Array("{}".utf8), name: "p")
        }
    }
}
