// SPDX-License-Identifier: Apache-2.0

import Authoring
import OCI
import TestSupport
import Testing

/// Instructions that change a configuration, and the documents that come of them.
@Suite(.timeLimit(.minutes(15))) struct ChangeInstructionTests {
    private static let layer = LayerBuilder(.gzip) { $0.file("a", "1") }

    private static func documents(
        _ changes: [String], of image: ImageBuilder = ImageBuilder([layer]), layer: CommittedLayer? = nil,
        _ edit: (inout CommitFacts) -> Void = { _ in }
    ) throws -> CommittedDocuments {
        var facts = CommitFacts(created: 86400)
        facts.changes = try changes.map { try ChangeInstruction(parsing: $0) }
        edit(&facts)
        return try CommittedDocuments(
            of: image.manifest.bytes, image.configuration.bytes, layer: layer, facts: facts)
    }

    private static func config(_ changes: String...) throws -> JSONValue? {
        let bytes = try documents(changes).configuration
        return try decode([String: JSONValue].self, bytes, name: "", limit: 1 << 20)["config"]
    }

    private static let before: [String: JSONValue] = [
        "Env": .array([.string("PATH=/bin")]), "Cmd": .array([.string("/bin/sh")]),
        "Labels": .object(["key": .string("value")]),
    ]

    @Test func `each instruction changes its member and leaves the others`() throws {
        func strings(_ words: String...) -> JSONValue { .array(words.map { .string($0) }) }
        func expect(_ change: String, _ member: String, _ value: JSONValue) throws {
            var expected = Self.before
            expected[member] = value
            #expect(try Self.config(change) == .object(expected), "\(change)")
        }
        try expect(#"CMD ["/x", "a b"]"#, "Cmd", strings("/x", "a b"))
        try expect("cmd echo hi", "Cmd", strings("/bin/sh", "-c", "echo hi"))
        try expect("ENV A=1 PATH=/x", "Env", strings("PATH=/x", "A=1"))
        try expect(#"ENV A="b c" D=e\ f G='h"i'"#, "Env", strings("PATH=/bin", "A=b c", "D=e f", "G=h\"i"))
        try expect("ENV A b  c", "Env", strings("PATH=/bin", "A=b  c"))
        try expect(
            "EXPOSE 80 53/UDP 8000-8010", "ExposedPorts",
            .object(["80/tcp": .object([:]), "53/udp": .object([:]), "8000-8010/tcp": .object([:])]))
        try expect("LABEL key=new b=c", "Labels", .object(["key": .string("new"), "b": .string("c")]))
        try expect("VOLUME /a /b", "Volumes", .object(["/a": .object([:]), "/b": .object([:])]))
        try expect(#"VOLUME ["/a b"]"#, "Volumes", .object(["/a b": .object([:])]))
        try expect("USER app:app", "User", .string("app:app"))
        try expect("WORKDIR /srv", "WorkingDir", .string("/srv"))
        try expect("WORKDIR srv", "WorkingDir", .string("/srv"))
        try expect("STOPSIGNAL SIGTERM", "StopSignal", .string("SIGTERM"))
        try expect("ONBUILD RUN x", "OnBuild", strings("RUN x"))
        // An entry point takes the command away, unless one comes with it.
        #expect(
            try Self.config(#"ENTRYPOINT ["/e"]"#)
                == .object([
                    "Env": strings("PATH=/bin"), "Labels": .object(["key": .string("value")]),
                    "Entrypoint": strings("/e"),
                ]))
        var both = Self.before
        (both["Entrypoint"], both["Cmd"]) = (strings("/e"), strings("/c"))
        #expect(try Self.config(#"CMD ["/c"]"#, #"ENTRYPOINT ["/e"]"#) == .object(both))
    }

    @Test func `a health check is for Docker's media types`() throws {
        let change = "HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f x"
        let error = #expect(throws: AuthoringError.self) { try Self.documents([change]) }
        #expect(error?.description == "--change HEALTHCHECK: configurations of OCI have none, only Docker's")
        let made = try Self.documents([change], of: ImageBuilder([Self.layer]).docker)
        let config = try decode([String: JSONValue].self, made.configuration, name: "", limit: 1 << 20)["config"]
        guard case .object(let members)? = config else {
            Issue.record("no config")
            return
        }
        #expect(
            members["Healthcheck"]
                == .object([
                    "Interval": .integer(90_000_000_000), "Retries": .integer(3),
                    "Test": .array([.string("CMD-SHELL"), .string("curl -f x")]),
                ]))
        #expect(try Manifest(json: made.manifest, name: "").mediaType == MediaType.dockerManifest)
    }

    @Test(arguments: [
        ("FROM x", "--change \"FROM x\": begins with none of CMD, ENTRYPOINT, "),
        ("USER", "--change \"USER \": says nothing"),
        ("CMD [\"a\"", "--change \"CMD [\"a\"\": begins with [ and is no array of strings in JSON"),
        ("ENV A", "--change \"ENV A\": \"A\" is not of the form KEY=VALUE"),
        ("ENV A='b", "--change \"ENV A='b\": a quote or a backslash ends nowhere"),
        ("EXPOSE 99999", "--change \"EXPOSE 99999\": \"99999\" is no port such as 80"),
        ("HEALTHCHECK x", "--change \"HEALTHCHECK x\": neither NONE nor CMD and a command"),
        (
            "HEALTHCHECK --interval=5x CMD a",
            "--change \"HEALTHCHECK --interval=5x CMD a\": --interval=5x: not understood"
        ),
    ])
    func `what cannot be understood is refused when it is read`(text: String, expected: String) {
        let error = #expect(throws: AuthoringError.self) { try ChangeInstruction(parsing: text) }
        #expect(error?.description.hasPrefix(expected) == true, "\(error?.description ?? "")")
    }

    @Test func `history and diff IDs grow by one, everything else stays`() throws {
        var image = ImageBuilder([Self.layer])
        image.configuration["os.version"] = "9"
        let added = CommittedLayer(
            descriptor: ContentDescriptor(mediaType: MediaType.layerZstd, digest: Digest(of: [1]), size: 5),
            diffID: DiffID(Digest(of: [2])))
        let made = try Self.documents([], of: image, layer: added) {
            ($0.message, $0.author) = ("why", "who")
        }
        let configuration = try ImageConfiguration(json: made.configuration, name: "")
        #expect(configuration.rootfs.diffIDs == [Self.layer.diffID, added.diffID])
        #expect(configuration.created == "1970-01-02T00:00:00Z")
        #expect(configuration.author == "who")
        #expect(configuration.history?.map(\.createdBy) == ["step 0", "cimg commit"])
        #expect(configuration.history?.last?.comment == "why")
        let members = try decode([String: JSONValue].self, made.configuration, name: "", limit: 1 << 20)
        #expect(members["os.version"] == .string("9"))
        let manifest = try Manifest(json: made.manifest, name: "")
        #expect(manifest.layers.map(\.digest) == [Self.layer.digest, Digest(of: [1])])
        #expect(manifest.config.digest == Digest(of: made.configuration))
        #expect(manifest.annotations?["org.opencontainers.image.base.digest"] == "\(image.digest)")
    }

    @Test func `a history that tells too little is filled up, and told`() throws {
        var image = ImageBuilder([Self.layer])
        image.configuration["history"] = .array([])
        let made = try Self.documents([], of: image)
        #expect(made.remarks == ["the history has no step for 1 of the layers: it got as many unknown ones"])
        let history = try ImageConfiguration(json: made.configuration, name: "").history
        #expect(history?.map(\.createdBy) == ["unknown", "cimg commit"])
        #expect(history?.last?.emptyLayer == true)
    }

    @Test func `zstd makes an image of Docker one of OCI`() throws {
        let layer = CommittedLayer(
            descriptor: ContentDescriptor(mediaType: MediaType.layerZstd, digest: Digest(of: [1]), size: 5),
            diffID: DiffID(Digest(of: [2])))
        let made = try Self.documents([], of: ImageBuilder([Self.layer]).docker, layer: layer)
        #expect(made.remarks == ["Docker's media types know no zstd: the image has OCI's now"])
        let manifest = try Manifest(json: made.manifest, name: "")
        #expect(manifest.mediaType == MediaType.manifest)
        #expect(manifest.config.mediaType == MediaType.config)
    }
}
