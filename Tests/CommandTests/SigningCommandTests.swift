// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// Keys, signatures beside images in their two forms, and what policies make of them; openssl checks what is written.
@Suite(.enabled(if: DistributionServer.isInstalled), .timeLimit(.minutes(15)))
struct SigningCommandTests {
    private func bench() throws -> Workbench {
        let bench = try Sample.bench()
        bench.environment["COSIGN_PASSWORD"] = "pass"
        return bench
    }

    private func openssl(_ bench: Workbench, _ arguments: String...) throws -> Outcome {
        try bench.run("/usr/bin/openssl", arguments)
    }

    private func json(_ text: String) throws -> [[String: Any]] {
        try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [[String: Any]])
    }

    @Test func `a passphrase that is empty, or ends a line, is told`() throws {
        let bench = try bench()
        let told = "Private key written to me.key\nPublic key written to me.pub\n"
        bench.environment["COSIGN_PASSWORD"] = ""
        try expect(
            bench.cimg("generate-key-pair", "--output-key-prefix", "me"),
            is: Outcome(
                0, errors: told + "cimg: me.key: its passphrase is empty; whoever has the file can sign\n"))
        bench.environment["COSIGN_PASSWORD"] = nil
        let line =
            "cimg: the passphrase from standard input ends with the end of a line, which is part of it; printf "
            + "gives none\n"
        try expect(
            bench.shell("echo secret | \(Workbench.builtProgram) generate-key-pair --output-key-prefix me --yes"),
            is: Outcome(0, errors: line + told))
        try expect(
            bench.shell("printf 'secret\\n' | \(Workbench.builtProgram) public-key --key me.key >out"),
            is: Outcome(0, errors: line))
    }

    @Test func `keys are made, kept from others, and not overwritten unasked`() throws {
        let bench = try bench()
        let told = "Private key written to me.key\nPublic key written to me.pub\n"
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me"), is: Outcome(0, errors: told))
        let modes = try bench.run("/usr/bin/stat", ["-c", "%a %n", "me.key", "me.pub"]).output
        #expect(modes == "600 me.key\n644 me.pub\n")
        let before = try String(contentsOfFile: "\(bench.path)/me.key", encoding: .utf8)
        try expect(
            bench.cimg("generate-key-pair", "--output-key-prefix", "me"),
            is: .trouble("me.key: is there already; give --yes to replace it"))
        #expect(try String(contentsOfFile: "\(bench.path)/me.key", encoding: .utf8) == before)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me", "--yes").code, is: 0)
        #expect(try String(contentsOfFile: "\(bench.path)/me.key", encoding: .utf8) != before)
        let publicKey = try String(contentsOfFile: "\(bench.path)/me.pub", encoding: .utf8)
        try expect(bench.cimg("public-key", "--key", "me.key"), is: .success(publicKey))
        bench.environment["COSIGN_PASSWORD"] = "other"
        try expect(
            bench.cimg("public-key", "--key", "me.key"),
            is: .trouble("me.key: decrypt: encrypted: decryption failed"))
        bench.environment["COSIGN_PASSWORD"] = nil
        // Nothing on standard input is the empty passphrase.
        try expect(bench.cimg("public-key", "--key", "me.key").code, is: 2)
        try expect(
            bench.shell("printf pass | cimg public-key --key me.key"), is: .success(publicKey))
        bench.environment["KEY"] = try String(contentsOfFile: "\(bench.path)/me.key", encoding: .utf8)
        bench.scratch.file("secret", "pass\nmore\n")
        try expect(
            bench.cimg("public-key", "--key", "env://KEY", "--sign-passphrase-file", "secret"), is: .success(publicKey))
        try expect(
            bench.cimg("public-key", "--key", "k8s://a/b"),
            is: .trouble("k8s://a/b: keys are read from files and env://NAME, not from services"))
    }

    static let kinds: [(name: String, options: [String], algorithm: String)] = [
        ("p256", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], "ECDSA P-256"),
        ("p384", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], "ECDSA P-384"),
        ("p521", ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"], "ECDSA P-521"),
        ("ed25519", ["-algorithm", "ED25519"], "Ed25519"),
        ("rsa", ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "RSA 2048"),
    ]

    @Test(arguments: kinds)
    func `a key of openssl is imported and signs, and openssl checks what it signed`(
        _ kind: (name: String, options: [String], algorithm: String)
    ) throws {
        let server = try DistributionServer()
        let bench = try bench()
        try expect(bench.cimg("push", "-q", "new", "\(server.host)/app:1").code, is: 0)
        try expect(bench.run("/usr/bin/openssl", ["genpkey", "-out", "k.pem"] + kind.options).code, is: 0)
        let imported = try bench.cimg("import-key-pair", "--key", "k.pem", "--output-key-prefix", "k", "--json")
        #expect(imported.code == 0 && imported.output.contains("\"algorithm\": \"\(kind.algorithm)\""), "\(imported)")
        try expect(openssl(bench, "pkey", "-in", "k.pem", "-pubout", "-out", "theirs.pub").code, is: 0)
        #expect(
            try String(contentsOfFile: "\(bench.path)/theirs.pub", encoding: .utf8)
                == String(contentsOfFile: "\(bench.path)/k.pub", encoding: .utf8))
        try expect(bench.cimg("sign", "--key", "k.key", "--format", "both", "\(server.host)/app:1").code, is: 0)
        let verified = try bench.cimg("verify", "--key", "k.pub", "\(server.host)/app:1")
        #expect(verified.code == 0, "\(verified)")
        #expect(try json(verified.output).count == 2)
        // What stands in the registry, checked by another program.
        let name = "docker://\(try bench.cimg("triangulate", "\(server.host)/app:1").output.dropLast())"
        let copied = try bench.run("/usr/bin/skopeo", ["copy", "-q", "--src-tls-verify=false", name, "dir:sig"])
        #expect(copied.code == 0, "\(copied)")
        let manifest = try Data(contentsOf: URL(filePath: "\(bench.path)/sig/manifest.json"))
        let layers = try #require(
            (JSONSerialization.jsonObject(with: manifest) as? [String: Any])?["layers"] as? [[String: Any]])
        let annotations = try #require(layers[0]["annotations"] as? [String: String])
        let signature = try #require(
            Data(base64Encoded: annotations["dev.cosignproject.cosign/signature"] ?? "-"))
        try signature.write(to: URL(filePath: "\(bench.path)/signature"))
        let payload = "sig/\(try #require(layers[0]["digest"] as? String).dropFirst(7))"
        let check =
            kind.name == "ed25519"
            ? ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "k.pub", "-sigfile", "signature", "-in", payload]
            : ["dgst", "-sha256", "-verify", "k.pub", "-signature", "signature", payload]
        let judged = try bench.run("/usr/bin/openssl", check)
        #expect(judged.code == 0, "\(judged)")
    }

    @Test func `an image is signed and verified as cosign would`() throws {
        let server = try DistributionServer()
        let (bench, image) = (try bench(), "\(server.host)/app:1")
        let digest = "\(Sample.new.digest)"
        try expect(bench.cimg("push", "-q", "new", image).code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "other").code, is: 0)
        let unsigned = try bench.cimg("verify", "--key", "me.pub", image)
        #expect(unsigned.code == 10)
        #expect(
            unsigned.errors.hasPrefix("cimg: \(image): no signatures found; looked in docker://\(server.host)/app:"))
        try expect(
            bench.cimg("sign", "--key", "me.key", image),
            is: Outcome(
                0, "\(server.host)/app@\(digest)\n", errors: "Pushing signature to: \(server.host)/app\n"))
        let expected =
            "[{\"critical\":{\"identity\":{\"docker-reference\":\"\(image)\"},\"image\":{\"docker-manifest-digest\":\"\(digest)\"},"
            + "\"type\":\"cosign container image signature\"},\"optional\":null}]\n"
        try expect(
            bench.cimg("verify", "--key", "me.pub", image),
            is: Outcome(
                0, "\n" + expected,
                errors: """

                    Verification for \(image) --
                    The following checks were performed on each of these signatures:
                      - The cosign claims were validated
                      - The signatures were verified against the specified public key

                    """))
        try expect(
            bench.cimg("triangulate", image),
            is: .success("\(server.host)/app:sha256-\(Sample.new.digest.hex).sig\n"))
        try expect(
            bench.cimg("triangulate", "--type", "digest", image), is: .success("\(server.host)/app@\(digest)\n"))
        let wrong = try bench.cimg("verify", "--key", "other.pub", image)
        #expect(wrong.code == 12)
        #expect(
            wrong.errors == "cimg: no matching signatures: sha256-\(Sample.new.digest.hex).sig layer 1: cryptographic "
                + "signature verification failed: made by none of the keys\n")
        // Annotations, the same signature twice, and a bundle beside it.
        try expect(bench.cimg("verify", "--key", "me.pub", "-a", "git=1", image).code, is: 12)
        for _ in 0..<2 {
            try expect(
                bench.cimg("sign", "--key", "me.key", "-a", "git=1", "--format", "bundle", image).code, is: 0)
        }
        let annotated = try bench.cimg("verify", "--key", "me.pub", "-a", "git=1", image)
        #expect(annotated.code == 0, "\(annotated)")
        #expect(annotated.errors.contains("  - The specified annotations were verified.\n"))
        let facts = try json(annotated.output)
        #expect(facts.allSatisfy { ($0["optional"] as? [String: String]) == ["git": "1"] })
        #expect(
            facts.allSatisfy {
                ($0["critical"] as? [String: Any])?["type"] as? String == "https://sigstore.dev/cosign/sign/v1"
            })
        let log = try bench.cimg("verify", "--key", "me.pub", "--rekor-key", "other.pub", image)
        #expect(log.code == 12 && log.errors.contains("no entry of a transparency log comes with it"))
        let ignored = try bench.cimg(
            "verify", "--key", "me.pub", "--rekor-key", "other.pub", "--insecure-ignore-tlog", image)
        #expect(ignored.code == 0 && ignored.errors.hasPrefix("WARNING: Skipping tlog verification"))
        let missing = try bench.cimg("verify", "--key", "me.pub", "\(server.host)/app:none")
        #expect(missing.code == 11 && missing.errors.hasPrefix("cimg: image tag not found: "))
        // The signature of one image under the name of another.
        try expect(bench.cimg("push", "-q", "old", "\(server.host)/app:2").code, is: 0)
        let moved = try bench.run(
            "/usr/bin/skopeo",
            [
                "copy", "-q", "--src-tls-verify=false", "--dest-tls-verify=false",
                "docker://\(server.host)/app:sha256-\(Sample.new.digest.hex).sig",
                "docker://\(server.host)/app:sha256-\(Sample.old.digest.hex).sig",
            ])
        #expect(moved.code == 0, "\(moved)")
        let stolen = try bench.cimg("verify", "--key", "me.pub", "\(server.host)/app:2")
        #expect(
            stolen.code == 12 && stolen.errors.contains("invalid or missing digest in claim: \(digest)"), "\(stolen)")
    }

    @Test(arguments: ["legacy", "bundle"])
    func `a policy of sigstore's signatures is enforced, and says why`(_ form: String) throws {
        let server = try DistributionServer()
        let (bench, host) = (try bench(), server.host)
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:1").code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        try expect(
            bench.cimg(["trust", "add", "--user", "-t", "sigstoreSigned", "-f", "me.pub", "--attachments", host]).code,
            is: 0)
        let unsigned = try bench.cimg("pull", "-q", "\(host)/app:1", "x")
        #expect(unsigned.code == 2)
        #expect(
            unsigned.errors.contains(
                "docker \"\(host)\": A signature was required, but no signature exists; looked in "), "\(unsigned)")
        try expect(bench.cimg("sign", "--key", "me.key", "--format", form, "\(host)/app:1").code, is: 0)
        try expect(bench.cimg("pull", "-q", "\(host)/app:1", "x"), is: .success("\(Sample.new.digest)\n"))
        let check = try bench.cimg("trust", "check", "\(host)/app:1")
        #expect(check.code == 0, "\(check)")
        #expect(check.output.contains(": by key "))
        try expect(bench.cimg("trust", "check", "--require-signed", "\(host)/app:1").code, is: 0)
        // Another name for the same bytes was not signed.
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:2").code, is: 0)
        let renamed = try bench.cimg("pull", "-q", "\(host)/app:2", "y")
        #expect(renamed.code == 2)
        #expect(renamed.errors.contains("Signature for identity \"\(host)/app:1\" is not accepted"), "\(renamed)")
        #expect(renamed.errors.contains("cimg sign --sign-identity \(host)/app:2"), "\(renamed)")
        let verdict = try bench.cimg("trust", "check", "\(host)/app:2")
        #expect(verdict.code == 1 && verdict.output.contains("  advice  \"cimg trust add --identity"), "\(verdict)")
        // A key that is no key is trouble, not a refusal.
        bench.scratch.file("me.pub", "no key")
        let broken = try bench.cimg("trust", "check", "\(host)/app:1")
        #expect(broken.code == 2 && broken.errors.contains("me.pub: invalid pem block"), "\(broken)")
        // Where attachments are not asked for, nobody looks, and that is said.
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me", "--yes").code, is: 0)
        try expect(bench.run("/bin/rm", ["-r", "home/.config/containers/registries.d"]).code, is: 0)
        let blind = try bench.cimg("trust", "check", "\(host)/app:1")
        #expect(
            blind.code == 1 && blind.output.contains("(not looked: use-sigstore-attachments is not set)"), "\(blind)")
        let advice =
            "signatures beside the image are looked for after \"cimg trust add --attachments\", or with "
            + "use-sigstore-attachments: true in registries.d"
        #expect(blind.output.contains("  advice  \(advice)\n"), "\(blind)")
        let refused = try bench.cimg("pull", "-q", "\(host)/app:1", "z")
        #expect(refused.code == 2 && refused.errors.contains("; \(advice); see "), "\(refused)")
    }

    @Test func `a list of referrers that fails is trouble, never unsigned`() throws {
        let bench = try bench()
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        let manifest = Array(Sample.new.manifest.text.utf8)
        let server = LoopbackServer { request in
            switch request.path {
            case "/v2/", "/v2": .init(200)
            case "/v2/app/manifests/1":
                .init(200, headers: [("Content-Type", "application/vnd.oci.image.manifest.v1+json")], body: manifest)
            case let path where path.contains("/referrers/"): .init(403)
            default: .init(404)
            }
        }
        let outcome = try bench.cimg("verify", "--key", "me.pub", "\(server.host)/app:1")
        #expect(outcome.code == 2, "\(outcome)")
        #expect(outcome.errors.contains("referrers: \(server.host) answers 403"))
    }

    @Test(arguments: ["legacy", "bundle"])
    func `an attestation is made, found, shown and copied`(_ form: String) throws {
        let server = try DistributionServer()
        let (bench, host) = (try bench(), server.host)
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:1").code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "other").code, is: 0)
        bench.scratch.file("p.json", #"{"packages":["a"]}"#)
        try expect(
            bench.cimg("tree", "\(host)/app:1"),
            is: .success("No Supply Chain Security Related artifacts found for image \(host)/app:1\n"))
        let none = try bench.cimg("verify-attestation", "--key", "me.pub", "\(host)/app:1")
        #expect(none.code == 1 && none.errors.contains("no matching attestations: looked in docker://"), "\(none)")
        let attest = ["attest", "--key", "me.key", "--format", form, "--predicate", "p.json", "\(host)/app:1"]
        try expect(
            bench.cimg(attest + ["--type", "spdxjson"]),
            is: Outcome(0, "\(host)/app@\(Sample.new.digest)\n", errors: "Pushing attestation to: \(host)/app\n"))
        try expect(bench.cimg("sign", "--key", "me.key", "--format", form, "\(host)/app:1").code, is: 0)
        let found = try bench.cimg("verify-attestation", "--key", "me.pub", "--type", "spdxjson", "\(host)/app:1")
        #expect(found.code == 0, "\(found)")
        let envelope = try #require(JSONSerialization.jsonObject(with: Data(found.output.utf8)) as? [String: Any])
        let payload = try #require(Data(base64Encoded: envelope["payload"] as? String ?? "-"))
        let statement = try #require(JSONSerialization.jsonObject(with: payload) as? [String: Any])
        #expect(statement["predicateType"] as? String == "https://spdx.dev/Document")
        #expect((statement["predicate"] as? [String: [String]]) == ["packages": ["a"]])
        let predicate = try bench.cimg("verify-attestation", "--key", "me.pub", "-o", "predicate", "\(host)/app:1")
        expect(predicate.output, is: "{\"packages\":[\"a\"]}\n")
        try expect(
            bench.cimg("verify-attestation", "--key", "me.pub", "--type", "cyclonedx", "\(host)/app:1").code, is: 1)
        try expect(bench.cimg("verify-attestation", "--key", "other.pub", "\(host)/app:1").code, is: 1)
        // An attestation is no signature: only one of the two counts.
        let verified = try bench.cimg("verify", "--key", "me.pub", "\(host)/app:1")
        #expect(try json(verified.output).count == 1)
        let tree = try bench.cimg("tree", "\(host)/app:1").output
        #expect(tree.hasPrefix("📦 Supply Chain Security Related artifacts for an image: \(host)/app:1\n└── "))
        #expect(tree.split(separator: "\n").filter { $0.contains("🍒 sha256:") }.count == 2, "\(tree)")
        // All of it goes along, and without being asked for nothing does.
        for (options, code) in [(["--referrers"], Int32(0)), ([], 10)] {
            let target = "\(host)/copy\(code):1"
            try expect(
                bench.cimg(["copy", "-q"] + options + ["docker://\(host)/app:1", "docker://\(target)"]).code, is: 0)
            try expect(bench.cimg("verify", "--key", "me.pub", target).code, is: code)
            try expect(
                bench.cimg("verify-attestation", "--key", "me.pub", target).code, is: code == 0 ? 0 : 1)
        }
        // Elsewhere nothing keeps them: that is said before anything is written.
        for (source, destination) in [
            ("docker://\(host)/app:1", "oci:lay:1"), ("docker://\(host)/app:1", "kept"),
            ("docker://\(host)/app:1", "docker-archive:app.tar:app:1"), ("new", "docker://\(host)/copied:1"),
        ] {
            try expect(
                bench.cimg("copy", "--referrers", source, destination),
                is: .trouble("--referrers: only from a registry to a registry"))
        }
        try expect(bench.shell("ls -d lay app.tar").code, is: 2)
        try expect(bench.cimg("inspect", "kept").code, is: 2)
    }

    @Test func `all images of an index are signed on request`() throws {
        let server = try DistributionServer()
        let (bench, host) = (try bench(), server.host)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:new").code, is: 0)
        let child = Sample.new.manifest.text
        let index =
            #"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\#(Sample.new.digest)","size":\#(child.utf8.count),"platform":{"os":"linux","architecture":"amd64"}}]}"#
        bench.scratch.file("index.json", index)
        let put = try bench.run(
            "/usr/bin/curl",
            [
                "-sf", "-X", "PUT", "-H", "Content-Type: application/vnd.oci.image.index.v1+json", "--data-binary",
                "@index.json", "http://\(host)/v2/app/manifests/all",
            ])
        #expect(put.code == 0, "\(put)")
        let one = try bench.cimg("sign", "--key", "me.key", "\(host)/app:all")
        #expect(one.output == "\(host)/app@\(Digest(of: index.utf8))\n")
        try expect(bench.cimg("verify", "--key", "me.pub", "\(host)/app:all").code, is: 0)
        try expect(bench.cimg("verify", "--key", "me.pub", "\(host)/app:new").code, is: 10)
        let both = try bench.cimg("sign", "--key", "me.key", "-r", "\(host)/app:all")
        #expect(both.output == "\(host)/app@\(Sample.new.digest)\n\(host)/app@\(Digest(of: index.utf8))\n")
        try expect(bench.cimg("verify", "--key", "me.pub", "\(host)/app:new").code, is: 0)
    }
}
