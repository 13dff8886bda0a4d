// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ConfigurationTests {
    private let a = "sha256:" + String(repeating: "a", count: 64)

    private func error(_ text: String) -> String {
        do {
            _ = try ImageConfiguration(json: Array(text.utf8), name: "config")
            return "none"
        } catch {
            return "\(error)"
        }
    }

    @Test func `a full configuration is decoded`() throws {
        let image = ImageBuilder { $0.file("x") }
        let config = try ImageConfiguration(json: image.configuration.bytes, name: "config")
        #expect(config.rootfs.diffIDs == image.layers.map(\.diffID))
        #expect(config.created == "2024-05-06T07:08:09Z")
        #expect(config.platform == Platform(os: "linux", architecture: "amd64"))
        #expect(config.config?.env == ["PATH=/bin"])
        #expect(config.config?.cmd == ["/bin/sh"])
        #expect(config.config?.labels == ["key": "value"])
        #expect(config.history?.map(\.createdBy) == ["step 0"])
    }

    @Test(arguments: [
        #"{"rootfs":{}}"#,
        #"{"rootfs":{"type":"layers","diff_ids":null},"history":null,"config":null,"created":null,"os":null}"#,
        #"{"rootfs":{"diff_ids":[]},"config":{"Env":null,"Cmd":null,"Labels":null,"Volumes":null},"history":[]}"#,
        #"{"rootfs":{"diff_ids":[]},"config":{"Labels":{"a":null}},"history":[{}],"unknown":{"x":[1]}}"#,
    ])
    func `what tools leave out or write as null is taken as empty`(text: String) throws {
        let config = try ImageConfiguration(json: Array(text.utf8), name: "config")
        #expect(config.rootfs.diffIDs == [])
        #expect(config.platform == nil)
    }

    @Test func `a command may be one string`() throws {
        let text = #"{"rootfs":{},"config":{"Cmd":"/bin/sh","Entrypoint":["a","b"]}}"#
        let config = try ImageConfiguration(json: Array(text.utf8), name: "config")
        #expect(config.config?.cmd == ["/bin/sh"])
        #expect(config.config?.entrypoint == ["a", "b"])
    }

    @Test(arguments: [
        ("{}", "config: is of no container image: it has no rootfs.diff_ids"),
        (#"{"rootfs":null}"#, "config: is of no container image: it has no rootfs.diff_ids"),
        (#"{"rootfs":3}"#, "config: rootfs: is not an object"),
        (#"{"rootfs":{"type":"base"}}"#, #"config: rootfs.type: is "base", not "layers""#),
        (#"{"rootfs":{"diff_ids":"x"}}"#, "config: rootfs.diff_ids: is not an array"),
        (
            #"{"rootfs":{"diff_ids":["x"]}}"#,
            #"config: rootfs.diff_ids[0]: digest "x": not a sha256 digest"#
        ),
        (#"{"rootfs":{},"config":{"Env":"x"}}"#, "config: config.Env: is not an array"),
        (#"{"rootfs":{},"config":{"Env":["a",1]}}"#, "config: config.Env[1]: is not a string"),
        (#"{"rootfs":{},"config":{"Cmd":{}}}"#, "config: config.Cmd: is not an array"),
        (#"{"rootfs":{},"history":[{"empty_layer":"yes"}]}"#, "config: history[0].empty_layer: is not true or false"),
    ])
    func `what is wrong is told with its place`(text: String, expected: String) {
        #expect(error(text) == expected)
    }

    @Test func `every layer needs a diff ID`() throws {
        let config = try ImageConfiguration(json: Array(#"{"rootfs":{"diff_ids":["\#(a)"]}}"#.utf8), name: "config")
        #expect(throws: Never.self) { try config.checkLayerCount(1, name: "config") }
        #expect(throws: FormatError("config", at: "rootfs.diff_ids", "are 1, but the image has 2 layers")) {
            try config.checkLayerCount(2, name: "config")
        }
    }

    @Test func `the chain ID of layers is computed as the specification says`() throws {
        let x = DiffID(Digest(of: "x".utf8))
        let y = DiffID(Digest(of: "y".utf8))
        #expect(ChainID([x]).digest == x.digest)
        #expect(ChainID([x, y]).digest == Digest(of: "\(x) \(y)".utf8))
        #expect(ChainID([x, y, x]).digest == Digest(of: "\(ChainID([x, y])) \(x)".utf8))
    }
}
