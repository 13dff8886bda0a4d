// SPDX-License-Identifier: Apache-2.0

import Engines
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Data roots of Docker's made by hand, whole and damaged.
@Suite("Docker's storage", .timeLimit(.minutes(15)))
struct DockerStorageTests {
    private let scratch = ScratchDirectory()
    private let id = String(repeating: "1", count: 64)
    private var root: String { "\(scratch.path)/var/lib/docker" }

    private func write(_ path: String, _ text: String) { scratch.file("var/lib/docker/\(path)", text) }

    private func hex(_ digit: Character) -> String { String(repeating: digit, count: 64) }

    private func layer(_ name: String, _ link: String, lower: String? = nil) throws {
        scratch.directory("var/lib/docker/overlay2/\(name)/diff")
        scratch.directory("var/lib/docker/overlay2/l")
        try #require(symlink("../\(name)/diff", "\(root)/overlay2/l/\(link)") == 0)
        if let lower { write("overlay2/\(name)/lower", lower) }
    }

    /// An image of two layers, and a container named `box` of it.
    private func makeUsual(state: String = "{}") throws {
        try layer("cache1", "L1")
        try layer("cache2", "L2", lower: "l/L1")
        try layer("top-init", "LI", lower: "l/L2:l/L1")
        try layer("top", "LT", lower: "l/LI:l/L2:l/L1")
        write("image/overlay2/layerdb/sha256/\(hex("a"))/cache-id", "cache1")
        write("image/overlay2/layerdb/sha256/\(hex("a"))/diff", "sha256:\(hex("a"))")
        write("image/overlay2/layerdb/sha256/\(hex("b"))/cache-id", "cache2")
        write("image/overlay2/layerdb/sha256/\(hex("b"))/diff", "sha256:\(hex("c"))")
        write("image/overlay2/layerdb/sha256/\(hex("b"))/parent", "sha256:\(hex("a"))")
        write("image/overlay2/layerdb/mounts/\(id)/mount-id", "top")
        write("image/overlay2/layerdb/mounts/\(id)/init-id", "top-init")
        write("image/overlay2/layerdb/mounts/\(id)/parent", "sha256:\(hex("b"))")
        record(state: state)
    }

    private func record(state: String = "{}", driver: String = "overlay2") {
        write(
            "containers/\(id)/config.v2.json",
            """
            {"ID":"\(id)","Name":"/box","Image":"sha256:\(hex("9"))","Config":{"Image":"busybox"},"Driver":"\(driver)",
            "Created":"2024-01-02T03:04:05Z","State":\(state),"MountLabel":"","ProcessLabel":"p"}
            """)
    }

    private func storage() throws -> DockerStorage {
        try DockerStorage(EngineSurroundings(user: 0, home: scratch.path("home"), root: scratch.path))
    }

    private func box() throws -> EngineContainer {
        let listing = try storage().containers()
        return try #require(listing.items.first, "\(listing.problems)")
    }

    private func error(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)".replacing(root, with: "$")
        }
    }

    @Test("a container has its init layer, its image's layers, and what its record says")
    func container() throws {
        try makeUsual()
        let box = try box()
        #expect(box.names == ["box"])
        #expect(box.imageID == hex("9"))
        #expect(box.imageName == "busybox")
        #expect(box.created == "2024-01-02T03:04:05Z")
        #expect(box.mountLabel == nil)
        #expect(box.processLabel == "p")
        let layers = try box.layers()
        let places = layers.lowers.map { $0.path.string.replacing(root, with: "$") }
        #expect(places == ["$/overlay2/top-init/diff", "$/overlay2/cache2/diff", "$/overlay2/cache1/diff"])
        #expect(layers.upper?.path.string == "\(root)/overlay2/top/diff")
        #expect(layers.work?.string == "\(root)/overlay2/top/work")
        #expect(layers.initLayer?.string == "\(root)/overlay2/top-init/diff")
        let diffs = try ["a", "c"].map { DiffID(try #require(Digest(hex: hex($0)))) }
        #expect(layers.diffIDs == diffs)
        #expect(layers.lowers.map(\.diffID) == [nil, diffs[1], diffs[0]])
    }

    @Test("states are believed only where the process is the container's")
    func states() throws {
        try makeUsual()
        #expect(try box().status() == EngineStatus(.created))
        record(state: "{\"Running\":false,\"StartedAt\":\"0001-01-01T00:00:00Z\"}")
        #expect(try box().status() == EngineStatus(.created))
        record(state: "{\"Running\":false,\"StartedAt\":\"2024-01-02T03:04:05Z\"}")
        #expect(try box().status() == EngineStatus(.stopped))
        // A daemon that was killed leaves the number of a process that may now be another one.
        for process in ["\(getpid())", "1", "-1", "0", "99999999999", "4194304"] {
            record(state: "{\"Running\":true,\"Pid\":\(process),\"StartedAt\":\"2024-01-02T03:04:05Z\"}")
            #expect(try box().status() == EngineStatus(.stopped))
        }
        // Neither the layers nor an overlay as the process's root: that both are missing makes them no match.
        unlink("\(root)/image/overlay2/layerdb/mounts/\(id)/mount-id")
        for process in 1...512 {
            record(state: "{\"Running\":true,\"Pid\":\(process),\"StartedAt\":\"2024-01-02T03:04:05Z\"}")
            #expect(try box().status() == EngineStatus(.stopped))
        }
        unlink("\(root)/containers/\(id)/config.v2.json")
        let listing = try storage().containers()
        #expect(listing.items.isEmpty)
        #expect(
            listing.problems.map { "\($0)".replacing(root, with: "$") } == [
                "docker $: container 111111111111: has no config.v2.json"
            ])
    }

    @Test(
        "identifiers that lead elsewhere are refused",
        arguments: [
            (
                "image/overlay2/layerdb/mounts/ID/mount-id", "../../../etc",
                "the directory of layer ../../../etc is missing"
            ),
            ("image/overlay2/layerdb/mounts/ID/parent", "sha256:../x", "names a layer sha256:../x that cannot be"),
            (
                "image/overlay2/layerdb/sha256/AA/cache-id", "../x",
                "image/overlay2/layerdb/sha256/AA/cache-id is missing or damaged"
            ),
            (
                "image/overlay2/layerdb/sha256/AA/diff", "x",
                "image/overlay2/layerdb/sha256/AA/diff is missing or damaged"
            ),
            ("overlay2/top/lower", "l/../../x", "its file lower names l/../../x, no layer's link"),
        ])
    func hostile(file: String, text: String, cause: String) throws {
        try makeUsual()
        let names = { (text: String) in text.replacing("ID", with: id).replacing("AA", with: hex("a")) }
        write(names(file), text)
        #expect(error { _ = try box().layers() } == "docker $: container 111111111111: \(names(cause))")
    }

    @Test("layers in a circle end")
    func circle() throws {
        try makeUsual()
        write("image/overlay2/layerdb/sha256/\(hex("a"))/parent", "sha256:\(hex("b"))")
        #expect(
            error { _ = try box().layers() }
                == "docker $: container 111111111111: has more than 1024 layers on top of each other")
    }

    @Test("other storage drivers are named")
    func drivers() throws {
        try makeUsual()
        record(driver: "btrfs")
        #expect(
            error { _ = try box().layers() }
                == "docker $: container 111111111111: is kept by the storage driver btrfs; only overlay2 can be read")
    }

    @Test("an image has its names, and its damaged neighbour is told")
    func images() throws {
        try makeUsual()
        let chain = ChainID([DiffID(try #require(Digest(hex: hex("a"))))])
        #expect(chain.digest.hex == hex("a"))
        let configuration = "{\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:\(hex("a"))\"]}}"
        write("image/overlay2/imagedb/content/sha256/\(hex("8"))", configuration)
        write("image/overlay2/imagedb/content/sha256/\(hex("7"))", "{")
        let digest = "sha256:\(hex("6"))"
        write(
            "image/overlay2/repositories.json",
            "{\"Repositories\":{\"x\":{\"x@\(digest)\":\"sha256:\(hex("8"))\",\"x:1\":\"sha256:\(hex("8"))\",\"y:1\":\"../x\"}}}"
        )
        let listing = try storage().images()
        let image = try #require(listing.items.first)
        #expect(listing.items.count == 1)
        #expect(image.names == ["x:1", "x@\(digest)"])
        #expect(image.digest?.description == digest)
        #expect(try image.layers().lowers.map(\.path.string) == ["\(root)/overlay2/cache1/diff"])
        #expect(try image.configuration() == Array(configuration.utf8))
        #expect(
            listing.problems.map { "\($0)".replacing(root, with: "$") } == [
                "docker $: image 777777777777: configuration: is not valid JSON"
            ])
    }
}
