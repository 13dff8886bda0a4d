// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Policies and signatures, with skopeo as the judge: what one signs the other accepts, on the same files.
@Suite(.enabled(if: DistributionServer.isInstalled && SigningKey.isPossible), .timeLimit(.minutes(15)))
struct TrustCommandTests {
    /// A bench with two images in its store, a key, and signatures in a directory of its own.
    private func bench(_ key: SigningKey) throws -> Workbench {
        let bench = try Sample.bench()
        bench.environment["GNUPGHOME"] = key.home
        bench.scratch.directory("home/.config/containers/registries.d")
        bench.scratch.file(
            "home/.config/containers/registries.d/default.yaml",
            "default-docker:\n  lookaside: file://\(bench.path)/signatures\n")
        return bench
    }

    /// Whether skopeo takes an image by the bench's policy.
    private func skopeoAccepts(_ bench: Workbench, _ image: String) throws -> Bool {
        let directory = "\(bench.path)/theirs-\(UUID().uuidString)"
        let outcome = try bench.run(
            "/usr/bin/skopeo",
            [
                "--policy", "\(bench.path)/home/.config/containers/policy.json", "--registries.d",
                "\(bench.path)/home/.config/containers/registries.d", "copy", "-q", "--src-tls-verify=false", image,
                "dir:\(directory)",
            ])
        return outcome.code == 0
    }

    @Test func `an unsigned image is refused, a signed one is taken, and skopeo says the same`() throws {
        let server = try DistributionServer()
        let host = server.host
        let key = try SigningKey()
        let bench = try bench(key)
        let policy = "\(bench.path)/home/.config/containers/policy.json"
        try expect(bench.cimg("push", "-q", "--sign-by", key.user, "new", "\(host)/app:1").code, is: 0)
        try expect(bench.cimg("push", "-q", "old", "\(host)/mystery:1").code, is: 0)
        // Nobody said anything yet.
        try expect(bench.cimg("pull", "-q", "\(host)/mystery:1", "m").code, is: 0)
        try expect(bench.cimg("trust", "default", "reject", "--user"), is: .success("\(policy): written\n"))
        try expect(bench.cimg("trust", "default", "reject", "--user"), is: .success("\(policy): not changed\n"))
        try expect(
            bench.cimg("pull", "-q", "\(host)/app:1"),
            is: .trouble(
                "docker://\(host)/app:1: refused by \(policy), default: Running image docker://\(host)/app:1 is "
                    + "rejected by policy.; see \"cimg trust show\""))
        try expect(skopeoAccepts(bench, "docker://\(host)/app:1"), is: false)
        for command in [
            ["mount", "docker://\(host)/app:1", "mnt"], ["import", "docker://\(host)/app:1", "x"],
            ["copy", "docker://\(host)/app:1", "oci:copied"], ["diff", "old", "docker://\(host)/app:1"],
            ["inspect", "docker://\(host)/app:1"], ["ls", "oci:layout:new"], ["import", "oci:layout:new", "y"],
        ] {
            let outcome = try bench.cimg(command)
            #expect(outcome.code == 2 && outcome.errors.contains("is rejected by policy."), "\(command) \(outcome)")
        }
        try expect(bench.cimg("inspect", "--insecure-policy", "docker://\(host)/app:1").code, is: 0)
        // A key, and where its signatures are.
        try expect(
            bench.shell("openssl ecparam -name prime256v1 -genkey -noout | openssl ec -pubout -out me.pub").code, is: 0)
        try expect(
            bench.cimg("trust", "add", host, "-f", "me.pub", "--user"),
            is: .trouble(
                "\(bench.path)/me.pub: no public key of gpg is in it; export one with gpg --export, and for a key of cosign or cimg "
                    + "(PEM) give -t sigstoreSigned"))
        let add = ["trust", "add", host, "--pubkeys", key.publicKey, "--sigstore", "file://\(bench.path)/signatures"]
        let places = "\(bench.path)/home/.config/containers/registries.d/\(host).yaml"
        try expect(bench.cimg(add + ["--user"]), is: .success("\(policy): changed\n\(places): written\n"))
        try expect(bench.cimg("pull", "-q", "\(host)/app:1"), is: .success("\(Sample.new.digest)\n"))
        try expect(skopeoAccepts(bench, "docker://\(host)/app:1"), is: true)
        let refused = try bench.cimg("pull", "-q", "\(host)/mystery:1", "z")
        #expect(refused.code == 2)
        #expect(refused.errors.contains("A signature was required, but no signature exists; looked in file://"))
        try expect(skopeoAccepts(bench, "docker://\(host)/mystery:1"), is: false)
        // The verdict with its evidence.
        let check = try bench.cimg("trust", "check", "\(host)/app:1", "\(host)/mystery:1")
        #expect(check.code == 1)
        #expect(check.output.contains("docker://\(host)/app:1 \(Sample.new.digest) accepted\n"))
        #expect(check.output.contains("  use     \(host)/app@\(Sample.new.digest)\n"))
        #expect(check.output.contains("    signature-1: by \(key.fingerprint) (\(key.user)), "))
        #expect(check.output.contains("  reason  A signature was required, but no signature exists\n"))
        #expect(check.output.contains("(none)\n"))
        let json = try bench.cimg("trust", "check", "--json", "\(host)/app@\(Sample.new.digest)").output
        let verdicts = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [[String: Any]])
        #expect(verdicts.map { $0["accepted"] as? Bool } == [true])
        // Gone again.
        try expect(
            bench.cimg("trust", "delete", host, "--user"), is: .success("\(policy): changed\n\(places): removed\n"))
        try expect(bench.cimg("trust", "check", "\(host)/app:1").code, is: 1)
        try expect(bench.cimg("trust", "reset", "-y", "--user"), is: .success("\(policy): changed\n"))
        try expect(bench.cimg("trust", "check", "\(host)/mystery:1").code, is: 0)
        try expect(bench.cimg("trust", "check", "--require-signed", "\(host)/mystery:1").code, is: 1)
    }

    @Test func `who wants signatures of sigstore is told that nobody looks for them`() throws {
        let bench = Workbench()
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        let add = ["trust", "add", "--policy", "p.json", "--registries.d", "r", "-t", "sigstoreSigned", "-f", "me.pub"]
        func note(_ scope: String, _ remedy: String = "add --attachments") -> String {
            "cimg: \(scope): signatures beside images, as cosign and \"cimg sign\" leave them, are not looked for; "
                + "\(remedy)\n"
        }
        func errors(_ arguments: String...) throws -> String {
            let outcome = try bench.cimg(add + arguments)
            #expect(outcome.code == 0, "\(outcome)")
            return outcome.errors
        }
        try expect(errors("a.example/team"), is: note("a.example/team"))
        try expect(
            errors("default"),
            is: note("default", "write use-sigstore-attachments: true below default-docker in registries.d"))
        try expect(errors("--attachments", "a.example"), is: "")
        // What is said of the registry holds for what is in it.
        try expect(errors("a.example/team/app"), is: "")
        try expect(errors("b.example"), is: note("b.example"))
        try expect(errors("--transport", "dir", "/images"), is: "")
        try expect(
            bench.cimg(add + ["--attachments", "default"]),
            is: .trouble(
                "\"default\": where signatures are is said of a registry, not of all; write it below default-docker in "
                    + "registries.d"))
    }

    @Test func `what skopeo signs is accepted, and signatures travel with a copy`() throws {
        let server = try DistributionServer()
        let host = server.host
        let key = try SigningKey()
        let bench = try bench(key)
        try expect(
            bench.run(
                "/usr/bin/skopeo",
                [
                    "--registries.d", "\(bench.path)/home/.config/containers/registries.d", "copy", "-q",
                    "--dest-tls-verify=false", "--sign-by", key.fingerprint, "oci:layout:new", "docker://\(host)/b:2",
                ]
            ).code, is: 0)
        let policy = bench.scratch.file(
            "strict.json",
            """
            {"default":[{"type":"reject"}],"transports":{
             "docker":{"\(host)":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"\(key.publicKey)",
              "signedIdentity":{"type":"exactRepository","dockerRepository":"\(host)/b"}}]},
             "dir":{"":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"\(key.publicKey)",
              "signedIdentity":{"type":"exactReference","dockerReference":"\(host)/b:2"}}]}}}
            """
        ).string
        let strict = try bench.cimg("trust", "check", "--policy", policy, "\(host)/b:2")
        #expect(strict.code == 0, "\(strict)")
        // Into a directory, and out again to another name; the signature still says what it said.
        try expect(bench.cimg("copy", "-q", "--policy", policy, "docker://\(host)/b:2", "dir:d").code, is: 0)
        #expect(FileManager.default.fileExists(atPath: "\(bench.path)/d/signature-1"))
        try expect(bench.cimg("trust", "check", "--policy", policy, "dir:d").code, is: 0)
        try expect(
            bench.cimg(["copy", "-q", "--sign-by", key.user, "dir:d", "docker://\(host)/c:1"]).code, is: 0)
        let check = try bench.cimg("trust", "check", "--policy", policy, "\(host)/c:1")
        #expect(check.code == 0 && check.output.contains("(2 found)"), "\(check)")
        // What cannot hold them says so; what is told to leave them leaves them.
        let told = try bench.cimg("copy", "-q", "dir:d", "oci:o:1")
        #expect(told.code == 0)
        #expect(
            told.errors.contains(
                "Pushing signatures for OCI images is not supported; 1 signature of the source left behind"))
        try expect(bench.cimg("copy", "-q", "--remove-signatures", "dir:d", "oci:o:2").errors, is: "")
        let signed = try bench.cimg("copy", "-q", "--sign-by", key.user, "dir:d", "oci:o:3")
        #expect(signed.code == 2 && signed.errors.contains("Pushing signatures for OCI images is not supported"))
        let nameless = try bench.cimg("copy", "-q", "--sign-by", key.user, "new", "dir:e")
        #expect(nameless.code == 2 && nameless.errors.contains("give one with --sign-identity"))
    }

    @Test func `a look-up that fails is trouble, never unsigned`() throws {
        let server = try DistributionServer()
        let host = server.host
        let key = try SigningKey()
        let bench = try bench(key)
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:1").code, is: 0)
        let broken = LoopbackServer { _ in .init(500) }
        try expect(
            bench.cimg([
                "trust", "add", host, "--user", "-f", key.publicKey, "--lookaside", "http://\(broken.host)/s",
            ]).code, is: 0)
        let outcome = try bench.cimg("trust", "check", "\(host)/app:1")
        #expect(outcome.code == 2)
        #expect(outcome.output == "")
        #expect(outcome.errors.contains("\(broken.host) answers 500"))
        #expect(!outcome.errors.contains("no signature exists"))
        try expect(bench.cimg("pull", "-q", "\(host)/app:1", "p").code, is: 2)
        // A key that is gone, a policy that is none.
        let policy = bench.scratch.file(
            "p.json", #"{"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"/no/key"}]}"#
        ).string
        bench.scratch.file("r/x.yaml", "default-docker: {lookaside: \"file://\(bench.path)/d\"}\n")
        bench.scratch.file("d/app@sha256=\(Sample.new.digest.hex)/signature-1", [0xA0] as [UInt8])
        let lost = try bench.cimg("trust", "check", "--policy", policy, "--registries.d", "r", "\(host)/app:1")
        #expect(lost.code == 2 && lost.errors.contains("/no/key: is not there"), "\(lost)")
        bench.scratch.file("p.json", #"{"default":[{"type":"reject"}],"default":[{"type":"reject"}]}"#)
        try expect(
            bench.cimg("pull", "--policy", policy, "\(host)/app:1", "p"),
            is: .trouble("invalid policy in \"\(policy)\": Duplicate key \"default\""))
        try expect(
            bench.cimg("pull", "--policy", policy, "--insecure-policy", "\(host)/app:1", "p"),
            is: .trouble("--policy and --insecure-policy exclude each other"))
    }

    @Test func `a registry that keeps signatures itself is asked for them`() throws {
        let key = try SigningKey()
        let bench = try bench(key)
        try expect(
            bench.cimg("copy", "-q", "--sign-by", key.user, "--sign-identity", "127.0.0.1/app:1", "new", "dir:d").code,
            is: 0)
        let file = try Data(contentsOf: URL(fileURLWithPath: "\(bench.path)/d/signature-1")).base64EncodedString()
        let manifest = Array(Sample.new.manifest.text.utf8)
        let list =
            #"{"signatures":[{"schemaVersion":2,"name":"\#(Sample.new.digest)@0","type":"atomic","content":"\#(file)"}]}"#
        let digest = "\(Sample.new.digest)"
        let server = LoopbackServer { request in
            switch request.path {
            case "/v2/": .init(200, headers: [("X-Registry-Supports-Signatures", "1")])
            case "/v2/app/manifests/1":
                .init(
                    200, headers: [("Content-Type", "application/vnd.oci.image.manifest.v1+json")], body: manifest)
            case "/extensions/v2/app/signatures/\(digest)": .init(200, body: Array(list.utf8))
            default: .init(404)
            }
        }
        let policy = bench.scratch.file(
            "p.json",
            """
            {"default":[{"type":"signedBy","keyType":"GPGKeys","keyPath":"\(key.publicKey)",
            "signedIdentity":{"type":"exactReference","dockerReference":"127.0.0.1/app:1"}}]}
            """
        ).string
        let check = try bench.cimg("trust", "check", "--policy", policy, "\(server.host)/app:1")
        #expect(check.code == 0, "\(check)")
        #expect(check.output.contains("looked  signatures kept by registry \(server.host) (1 found)"))
    }
}
