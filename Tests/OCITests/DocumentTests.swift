// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

private let a = "sha256:" + String(repeating: "a", count: 64)

/// A manifest with one layer, and what a case changes in it.
private func manifest(_ change: (inout JSON) -> Void = { _ in }) -> [UInt8] {
    var json: JSON = [
        "schemaVersion": 2, "mediaType": .string(MediaType.manifest),
        "config": ["mediaType": .string(MediaType.config), "digest": .string(a), "size": 2],
        "layers": [["mediaType": .string(MediaType.layerGzip), "digest": .string(a), "size": 3]],
    ]
    change(&json)
    return json.bytes
}

@Suite(.timeLimit(.minutes(15))) struct DocumentTests {
    /// What a document is decoded to, or the error.
    private func outcome(_ json: [UInt8], mediaType: String? = nil) -> String {
        do {
            switch try ManifestDocument(json: json, name: "blob x", mediaType: mediaType) {
            case .manifest(let manifest):
                let config = "\(manifest.config.mediaType) \(manifest.config.size)"
                return "manifest \(config) layers \(manifest.layers.map(\.size))"
            case .index(let index): return "index \(index.manifests.map { "\($0.platform.map { "\($0)" } ?? "-")" })"
            }
        } catch {
            return "\(error)"
        }
    }

    @Test func `a manifest is decoded, with what tools leave out or write as null taken as empty`() {
        #expect(outcome(manifest()) == "manifest \(MediaType.config) 2 layers [3]")
        #expect(outcome(manifest { $0["layers"] = nil }) == "manifest \(MediaType.config) 2 layers []")
        #expect(outcome(manifest { $0["layers"] = .null }) == "manifest \(MediaType.config) 2 layers []")
        #expect(outcome(manifest { $0["schemaVersion"] = nil }) == "manifest \(MediaType.config) 2 layers [3]")
        #expect(
            outcome(manifest { $0["annotations"] = ["x": nil] }) == "manifest \(MediaType.config) 2 layers [3]")
        #expect(outcome(manifest { $0["annotations"] = nil }) == "manifest \(MediaType.config) 2 layers [3]")
        #expect(
            outcome(manifest { $0["config"] = ["digest": .string(a), "size": 2, "mediaType": nil] })
                == "manifest  2 layers [3]")
    }

    @Test func `an index is decoded, of OCI's and of Docker's media type`() {
        let entry: JSON = [
            "mediaType": .string(MediaType.manifest), "digest": .string(a), "size": 1,
            "platform": ["os": "linux", "architecture": "arm", "variant": "v7", "os.features": ["x"]],
        ]
        for mediaType in [MediaType.index, MediaType.dockerManifestList] {
            let json: JSON = ["schemaVersion": 2, "mediaType": .string(mediaType), "manifests": [entry]]
            #expect(outcome(json.bytes, mediaType: mediaType) == #"index ["linux/arm/v7"]"#)
        }
        #expect(outcome(Array(#"{"schemaVersion":2,"manifests":null}"#.utf8)) == "index []")
    }

    @Test(arguments: [
        ("", "blob x: is not valid JSON"),
        ("{", "blob x: is not valid JSON"),
        ("[]", "blob x: is not an object"),
        ("3", "blob x: is not an object"),
        ("{}", "blob x: is neither a manifest nor an index"),
        (#"{"schemaVersion":"2"}"#, "blob x: schemaVersion: is not a whole number"),
        (#"{"schemaVersion":3,"layers":[]}"#, "blob x: schemaVersion: is 3, not 2"),
        (#"{"schemaVersion":1,"fsLayers":[]}"#, "blob x: is a Docker schema 1 manifest"),
        (
            #"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":"text/x","blobs":[]}"#,
            "blob x: is no container image (artifact type text/x)"
        ),
        (#"{"layers":[],"config":{},"manifests":[]}"#, "blob x: has the fields of an index and of a manifest"),
        (#"{"layers":[]}"#, "blob x: config: is missing"),
        (#"{"layers":[],"config":null}"#, "blob x: config: is null"),
        (#"{"layers":{},"config":{}}"#, "blob x: config.digest: is missing"),
        (#"{"manifests":[{"size":1}]}"#, "blob x: manifests[0].digest: is missing"),
        (#"{"manifests":[{"digest":5,"size":1}]}"#, "blob x: manifests[0].digest: is not a string"),
        (
            #"{"manifests":[{"digest":"sha512:00","size":1}]}"#,
            #"blob x: manifests[0].digest: digest "sha512:00": not a sha256 digest"#
        ),
        (
            #"{"manifests":[{"digest":"sha256:../../x","size":1}]}"#,
            #"blob x: manifests[0].digest: digest "sha256:../../x": not 64 lower-case hexadecimal digits"#
        ),
    ])
    func `what is no manifest is refused with the place in the document`(text: String, error: String) {
        #expect(outcome(Array(text.utf8)).hasPrefix(error), "\(outcome(Array(text.utf8)))")
    }

    @Test(arguments: [
        ("-1", "blob x: layers[0].size: is negative"),
        ("\"1\"", "blob x: layers[0].size: is not a whole number"),
        ("null", "blob x: layers[0].size: is null"),
        ("18446744073709551616", "blob x: layers[0].size: is not a whole number below 2^63"),
        ("1.5", "blob x: layers[0].size: is not a whole number below 2^63"),
    ])
    func `a layer's size must be a whole number that is not negative`(size: String, error: String) {
        let json = manifest { $0["layers"] = [["digest": .string(a), "size": .number(size)]] }
        #expect(outcome(json).hasPrefix(error), "\(outcome(json))")
    }

    @Test func `fields and media type must agree about what a document is`() {
        #expect(
            outcome(manifest(), mediaType: MediaType.index)
                == "blob x: is a manifest by its fields, but \(MediaType.index) by its media type")
        #expect(
            outcome(JSON.object([("manifests", []), ("mediaType", .string(MediaType.manifest))]).bytes)
                == "blob x: is an index by its fields, but \(MediaType.manifest) by its media type")
        #expect(
            outcome(manifest(), mediaType: "application/vnd.docker.distribution.manifest.v1+prettyjws")
                == "blob x: is a Docker schema 1 manifest, a format replaced in 2016 that is not supported; \"skopeo copy "
                + "--format v2s2\" converts it")
    }

    @Test func `size and depth of a document are bounded`() {
        let large = manifest { $0["x"] = .string(String(repeating: " ", count: DocumentLimit.manifest)) }
        #expect(outcome(large) == "blob x: is larger than 4194304 bytes")
        let deep = #"{"x":"# + String(repeating: "[", count: 100_000)
        #expect(outcome(Array(deep.utf8)) == "blob x: has more than 64 arrays and objects within each other")
        let brackets = manifest { $0["x"] = .string(#"\""# + String(repeating: "[", count: 100)) }
        #expect(outcome(brackets) == "manifest \(MediaType.config) 2 layers [3]")
    }

    @Test func `a name from a document is printed with its control characters escaped`() {
        let json = JSON.object([("manifests", [["size": 1, "digest": "\u{1b}[31m\n\u{202e}"]])])
        #expect(
            outcome(json.bytes)
                == #"blob x: manifests[0].digest: digest "\u{1b}[31m\u{a}\u{202e}": not a sha256 digest"#)
    }

    @Test(arguments: [
        (MediaType.config, MediaType.layer, nil as String?, nil as String?),
        (MediaType.dockerConfig, MediaType.dockerLayerGzip, nil, nil),
        ("", "", nil, nil),
        (MediaType.config, MediaType.layerZstd, "application/vnd.example", nil),
        (MediaType.config, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", nil, nil),
        ("application/vnd.oci.empty.v1+json", MediaType.layer, "text/x", "artifact type text/x"),
        (
            "application/vnd.cncf.helm.config.v1+json", MediaType.layerGzip, nil,
            "artifact type application/vnd.cncf.helm.config.v1+json"
        ),
        (
            MediaType.config, "application/vnd.dev.cosign.simplesigning.v1+json", nil,
            "artifact type application/vnd.dev.cosign.simplesigning.v1+json"
        ),
    ])
    func `an artifact is told from an image by its configuration's and layers' types`(
        config: String, layer: String, artifactType: String?, error: String?
    ) throws {
        let digest = try Digest(parsing: a)
        let manifest = Manifest(
            artifactType: artifactType, config: ContentDescriptor(mediaType: config, digest: digest, size: 1),
            layers: [ContentDescriptor(mediaType: layer, digest: digest, size: 1)])
        var thrown: String?
        do { try manifest.checkIsImage(name: "blob x") } catch { thrown = "\(error)" }
        #expect(thrown == error.map { "blob x: is no container image (\($0))" })
    }

    @Test func `an encrypted layer is named as such`() throws {
        let json = manifest {
            $0["layers"] = [["mediaType": .string(MediaType.layer + "+encrypted"), "digest": .string(a), "size": 3]]
        }
        let manifest = try Manifest(json: json, name: "blob x")
        #expect(throws: FormatError("blob x", at: "layers[0]", "is encrypted (\(MediaType.layer)+encrypted)")) {
            try manifest.checkIsImage(name: "blob x")
        }
    }
}
