// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// Bills of materials that are kept beside images in a registry.
@Suite(.enabled(if: DistributionServer.isInstalled), .timeLimit(.minutes(15)))
struct SbomAttachmentTests {
    private func policy(_ requirement: String) -> String {
        "{\"default\":[{\"type\":\"insecureAcceptAnything\"}],\"transports\":{\"docker\":{\"\":[\(requirement)]}}}"
    }

    @Test func `a repository and a registry are scanned, layers that are known are not fetched`() throws {
        let server = try DistributionServer()
        let bench = try Sample.bench()
        let database = BoltWriter.database(["vulnerability": .bucket([:]), "wolfi": .bucket([:])])
        try Data(database).write(to: URL(fileURLWithPath: "\(bench.path)/trivy.db"))
        for (image, name) in [("new", "app:1"), ("new", "app:2"), ("old", "app:3"), ("old", "team/tool:1")] {
            try expect(bench.cimg("push", "-q", image, "\(server.host)/\(name)").code, is: 0)
        }
        func scan(_ place: String) throws -> Outcome {
            try bench.cimg("scan", "--db", "trivy.db", "--repository", place)
        }
        let host = "docker://\(server.host)"
        let found = try scan("\(server.host)/app")
        #expect(found.code == 0, "\(found)")
        #expect(found.output == "\(host)/app:1: nothing found\n\(host)/app:3: nothing found\n")
        let all = try scan("\(server.host)/")
        #expect(all.output == found.output + "\(host)/team/tool:1: nothing found\n", "\(all)")
        // Neither the images nor their layers are here any more, nor do they come back.
        try expect(bench.shell("cimg rm old new && cimg prune").code, is: 0)
        #expect(try bench.stored("layers/sha256") == [])
        #expect(try scan("\(server.host)/").output == all.output)
        // What is installed is known by the same results.
        let packages = try bench.cimg("packages", "--repository", "\(server.host)/", "--json")
        #expect(packages.code == 0, "\(packages)")
        #expect(packages.output.contains("\(host)/team/tool:1"))
        #expect(try bench.cimg("packages", "--find", "none", "--repository", "\(server.host)/app").code == 0)
        #expect(try bench.stored("layers/sha256") == [])
        let files = try bench.cimg("find", "--repository", "\(server.host)/app", "/etc", "-name", "name")
        #expect(files.output == "\(host)/app:1: /etc/name\n\(host)/app:3: /etc/name\n" || files.code == 0, "\(files)")
        try expect(bench.shell("cimg prune").code, is: 0)
        #expect(try bench.stored("layers/sha256") == [])
        #expect(try scan("\(server.host)/none").code == 2)
        #expect(try scan("app").errors.contains("names no repository"))
        #expect(try scan("\(server.host)/app:1").errors.contains("without a tag"))
    }

    @Test func `what is attached is found, and used where a signature of it verifies`() throws {
        let server = try DistributionServer()
        let bench = try Sample.bench()
        bench.environment["COSIGN_PASSWORD"] = "pass"
        let name = "\(server.host)/app:1"
        try expect(bench.cimg("push", "-q", "new", name).code, is: 0)
        try expect(bench.cimg("generate-key-pair", "--output-key-prefix", "me").code, is: 0)
        let attached = try bench.cimg("sbom", "--attach", name)
        #expect(attached.code == 0, "\(attached)")
        let pinned = attached.output.trimmingCharacters(in: .newlines)
        #expect(pinned.hasPrefix("\(server.host)/app@sha256:"))
        // Once more is the same.
        #expect(try bench.cimg("sbom", "--attach", name).output == attached.output)
        let tree = try bench.cimg("tree", name)
        #expect(tree.output.contains("application/vnd.cyclonedx+json"), "\(tree)")
        // Nobody signed it, and no policy asks.
        let plain = try bench.cimg("sbom", "--from", "attached", name)
        #expect(plain.code == 2)
        #expect(plain.errors.contains("the policy demands no signature of it"), "\(plain)")
        #expect(plain.output.isEmpty)
        bench.scratch.file(
            "strict.json",
            policy(
                "{\"type\":\"sigstoreSigned\",\"keyPath\":\"\(bench.path)/me.pub\",\"signedIdentity\":{\"type\":\"matchRepoDigestOrExact\"}}"
            ))
        bench.scratch.file(
            "r.d/r.yaml", "docker:\n  \(server.host):\n    use-sigstore-attachments: true\n")
        let strict = ["--policy", "strict.json", "--registries.d", "r.d"]
        let unsigned = try bench.cimg(["sbom", "--from", "attached"] + strict + [name])
        #expect(unsigned.code == 2)
        #expect(unsigned.errors.contains("has no attached cyclonedx that verifies"), "\(unsigned)")
        try expect(bench.cimg("sign", "--key", "me.key", pinned).code, is: 0)
        let found = try bench.cimg(["sbom", "--from", "attached"] + strict + [name])
        #expect(found.code == 0, "\(found)")
        #expect(found.output.contains("\"bomFormat\": \"CycloneDX\""))
        let made = try bench.cimg("sbom", name)
        #expect(found.output == made.output)
        // The registry may list it beside another image, of which it says nothing.
        try expect(bench.cimg("push", "-q", "old", "\(server.host)/app:2").code, is: 0)
        let relist = """
            import urllib.request as u
            place = "http://\(server.host)/v2/app/manifests/sha256-"
            kind = "application/vnd.oci.image.index.v1+json"
            index = u.urlopen(u.Request(place + "\(Sample.new.digest.hex)", headers={"Accept": kind})).read()
            new = u.Request(place + "\(Sample.old.digest.hex)", data=index, headers={"Content-Type": kind}, method="PUT")
            u.urlopen(new)
            """
        bench.scratch.file("relist.py", relist)
        try expect(bench.shell("python3 relist.py").code, is: 0)
        let foreign = try bench.cimg(["sbom", "--from", "attached"] + strict + ["\(server.host)/app:2"])
        #expect(foreign.code == 2 && foreign.output.isEmpty, "\(foreign)")
        #expect(foreign.errors.contains("is no application/vnd.cyclonedx+json of this image"), "\(foreign)")
        // A scan judges what it says, where the image itself would be fetched.
        let database = BoltWriter.database(["vulnerability": .bucket([:]), "wolfi": .bucket([:])])
        try Data(database).write(to: URL(fileURLWithPath: "\(bench.path)/trivy.db"))
        let judged = try bench.cimg(["scan", "--db", "trivy.db", "-v", "--sbom", "attached"] + strict + [name])
        #expect(judged.code == 0 && judged.errors.contains("its attached bill of materials is judged"), "\(judged)")
        let untrusted = try bench.cimg("scan", "--db", "trivy.db", "--sbom", "attached", name)
        #expect(untrusted.code == 2 && untrusted.errors.contains("has no attached cyclonedx or spdx that verifies"))
        #expect(untrusted.errors.contains("the policy demands no signature of it"), "\(untrusted)")
        #expect(try bench.cimg("scan", "--db", "trivy.db", "--sbom", "auto", name).code == 0)
        // The other format is not there.
        #expect(try bench.cimg(["sbom", "--from", "attached", "--format", "spdx"] + strict + [name]).code == 2)
        // auto makes what is not there; the policy would refuse the image itself.
        #expect(try bench.cimg("sbom", "--from", "auto", "--format", "spdx", name).code == 0)
        try expect(
            bench.cimg("sbom", "--attach", "--from", "auto", name).errors.contains("exclude each other"), is: true)
        #expect(try bench.cimg("sbom", "--attach", "new").code == 2)
    }
}
