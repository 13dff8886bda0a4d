// SPDX-License-Identifier: Apache-2.0

import OCI
import SystemPackage
import Testing
import Transports

private let digest = "sha256:" + String(repeating: "0", count: 64)

@Suite(.timeLimit(.minutes(15))) struct ImageLocationTests {
    /// What a text is parsed to where these paths exist: path, and what selects the image.
    private func parse(_ text: String, existing: Set<String>) throws -> String? {
        guard let location = try ImageLocation(parsing: text, exists: { existing.contains($0.string) }) else {
            return nil
        }
        let selection =
            switch location.selection {
            case .only: "-"
            case .name(let name): name
            case .digest: "digest"
            case .position(let position): "position \(position)"
            }
        return "\(location.transport.rawValue) \(location.path) \(selection)"
    }

    @Test(arguments: [
        ("oci:/x", ["/x"], "oci /x -"),
        ("oci:/x:tag", ["/x"], "oci /x tag"),
        ("oci:/x:a/b:c", ["/x"], "oci /x a/b:c"),
        ("oci:/a:b/dir:tag", ["/a:b/dir"], "oci /a:b/dir tag"),
        ("oci:/x:y", ["/x", "/x:y"], "oci /x:y -"),
        ("oci:/x:y:z", ["/x", "/x:y"], "oci /x:y z"),
        ("oci:/x@" + digest, ["/x"], "oci /x digest"),
        ("oci:/x@y@" + digest, ["/x@y"], "oci /x@y digest"),
        ("oci:x:t", [], "oci x t"),
        ("oci:/a:b/x", [], "oci /a:b/x -"),
        ("oci:/a:b/x@" + digest, [], "oci /a:b/x digest"),
        ("oci-archive:/x.tar:t", ["/x.tar"], "oci-archive /x.tar t"),
        ("docker-archive:x.tar:h.x:5000/a:t", ["x.tar"], "docker-archive x.tar h.x:5000/a:t"),
        ("docker-archive:/x.tar:@0", ["/x.tar"], "docker-archive /x.tar position 0"),
        ("docker-archive:/x.tar:@12", [], "docker-archive /x.tar position 12"),
        ("docker-archive:/x.tar:@-1", ["/x.tar"], "docker-archive /x.tar @-1"),
        ("oci:/x:@1", ["/x"], "oci /x position 1"), ("oci:/x:@1", ["/x", "/x:@1"], "oci /x:@1 -"),
        ("docker-archive:-", ["-"], "docker-archive - -"), ("oci-archive:-:tag", [], "oci-archive - tag"),
        ("docker-archive:-:h:5000/a:t", [], "docker-archive - h:5000/a:t"),
        ("docker-archive:-:@1", [], "docker-archive - position 1"), ("oci-archive:-x:t", [], "oci-archive -x t"),
        ("oci-archive:./-", [], "oci-archive ./- -"), ("oci:-:t", [], "oci - t"),
        ("dir:/x:y@z", [], "dir /x:y@z -"),
        ("rootfs:/x:y", [], "rootfs /x:y -"),
    ])
    func `the longest path that exists is the path`(text: String, existing: [String], expected: String) throws {
        #expect(try parse(text, existing: Set(existing)) == expected)
    }

    @Test(arguments: ["", "busybox", "busybox:1.36", "ociarchive:/x", "docker://x", "/x"])
    func `a text without a transport is none of ours`(text: String) throws {
        #expect(try ImageLocation(parsing: text) == nil)
    }

    @Test(arguments: [
        ("oci:", "oci:: has no path"),
        ("dir:", "dir:: has no path"),
        ("oci:/x:", "oci:/x:: has an empty tag"),
        ("oci:/x@sha256:12", "oci:/x@sha256:12: digest \"sha256:12\": not 64 lower-case hexadecimal digits"),
        ("oci:/x\u{0}", "oci:/x\\u{0}: has a NUL character"),
    ])
    func `a location that cannot be is refused`(text: String, error: String) {
        #expect(failure { _ = try ImageLocation(parsing: text, exists: { $0 == "/x" }) } == error)
    }

    @Test(arguments: [
        ("docker-archive:/new:app", "app:latest"),
        ("docker-archive:/new:r.example:5000/q/app", "r.example:5000/q/app:latest"),
        ("docker-archive:/new:app:1", "app:1"), ("docker-archive:-:app", "app:latest"), ("docker-archive:/new", "-"),
        ("docker-archive:/new:App:1", "docker-archive:/new: image name \"App:1\": must be lower-case"),
        (
            "docker-archive:/new:app@" + digest,
            "docker-archive:/new: \"app@\(digest)\": a digest cannot be given to what is written; give a tag"
        ),
        ("oci-archive:/new:App", "App"),
    ])
    func `a name in a Docker archive is one that can be loaded`(text: String, expected: String) {
        var name = "-"
        let error = failure {
            let location = try ImageLocation(destination: text, exists: { _ in false })
            if case .name(let found)? = location?.selection { name = found }
        }
        #expect(error ?? name == expected)
    }

    @Test func `an archive may be standard input or output`() {
        #expect(ImageLocation(.dockerArchive, "-").isStandardStream)
        #expect(ImageLocation(.ociArchive, "-").isStandardStream)
        #expect(!ImageLocation(.ociArchive, "./-").isStandardStream)
        #expect(!ImageLocation(.oci, "-").isStandardStream)
    }

    @Test func `a location is printed as it is written`() {
        #expect(ImageLocation(.oci, "/x", .name("t")).description == "oci:/x:t")
        #expect(ImageLocation(.dir, "/x\u{1b}").description == "dir:/x\\x1b")
    }
}
