// SPDX-License-Identifier: Apache-2.0

import Engines
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

/// Storages of containers/storage made by hand, whole and damaged.
@Suite("containers/storage", .timeLimit(.minutes(15)))
struct ContainersStorageTests {
    typealias Fixture = StorageFixture

    func id(_ digit: Character) -> String { Fixture.id(digit) }

    // MARK: whole

    @Test(
        "a container has the layers of its list, its image's diff IDs, and what its record says",
        .enabled(if: Requirements.root))
    func container() throws {
        let fixture = Fixture.usual()
        fixture.container(
            "2", name: "made", layer: id("c"),
            members: [
                ("image", .string(id("9"))), ("created", "2024-01-02T03:04:05Z"),
                ("metadata", .string("{\"image-name\":\"docker.io/library/busybox:1\",\"pod-id\":\"p\"}")),
                (
                    "flags",
                    ["MountLabel": "system_u:object_r:container_file_t:s0:c1,c2", "ProcessLabel": "", "Volatile": true]
                ),
            ])
        fixture.write()
        let layers = try fixture.box().layers()
        #expect(
            layers.lowers.map { fixture.short($0.path) } == ["$/overlay/\(id("b"))/diff", "$/overlay/\(id("a"))/diff"])
        #expect(fixture.short(layers.upper?.path) == "$/overlay/\(id("c"))/diff")
        #expect(fixture.short(layers.work) == "$/overlay/\(id("c"))/work")
        let diffs = try ["a", "b"].map { DiffID(try Digest(parsing: "sha256:" + id($0))) }
        #expect(layers.diffIDs == diffs)
        #expect(layers.lowers.map(\.diffID) == diffs.reversed())
        #expect(!layers.usesUserXattrs)
        let made = try #require(try fixture.storage().containers().items.last)
        #expect(made.names == ["made"])
        #expect(made.maker == "cri-o")
        #expect(made.imageName == "docker.io/library/busybox:1")
        #expect(made.imageID == id("9"))
        #expect(made.created == "2024-01-02T03:04:05Z")
        #expect(made.mountLabel == "system_u:object_r:container_file_t:s0:c1,c2")
        #expect(made.processLabel == nil)
    }

    @Test("without a list of lower layers the ancestors are taken, and older directories of a layer stand behind it")
    func ancestors() throws {
        let fixture = Fixture.usual()
        unlink("\(fixture.root)/overlay/\(id("c"))/lower")
        fixture.scratch.directory("\(Fixture.store)/overlay/\(id("b"))/diff1")
        fixture.scratch.directory("\(Fixture.store)/overlay/\(id("b"))/diff2")
        fixture.scratch.directory("\(Fixture.store)/overlay/\(id("b"))/diff4")
        fixture.write()
        #expect(
            try fixture.box().layers().lowers.map { fixture.short($0.path) } == [
                "$/overlay/\(id("b"))/diff", "$/overlay/\(id("b"))/diff1", "$/overlay/\(id("b"))/diff2",
                "$/overlay/\(id("a"))/diff",
            ])
    }

    @Test("images and layers of additional storages are found")
    func additional() throws {
        let other = Fixture()
        other.layer("a")
        other.image("9", name: "localhost/base:1", layer: "a")
        other.write()
        let fixture = Fixture()
        fixture.layer("c", parent: "a", lower: ["a"], isImage: false)
        unlink("\(fixture.root)/overlay/l/LINKa")
        fixture.container("1", name: "box", layer: id("c"))
        fixture.write()
        fixture.scratch.file(
            "etc/containers/storage.conf",
            "[storage]\ndriver = 'overlay'\n[storage.options]\nadditionalimagestores = [\n  \"\(other.root)\", # read only\n]\n"
        )
        let layers = try fixture.box().layers()
        #expect(layers.lowers.map(\.path.string) == ["\(other.root)/overlay/\(id("a"))/diff"])
        let images = try fixture.storage().images().items
        #expect(images.map(\.names) == [["localhost/base:1"]])
        #expect(images.first?.storage.string == other.root)
        #expect(images.first?.size() == 1000)
    }

    @Test("containers that end with the machine are found in the directory of what runs")
    func volatile() throws {
        let fixture = Fixture.usual()
        fixture.write()
        let record: JSON = ["id": .string(id("2")), "names": ["short"], "layer": .string(id("c"))]
        fixture.scratch.file(
            "run/containers/storage/overlay-containers/volatile-containers.json", JSON.array([record]).bytes)
        #expect(try fixture.storage().containers().items.map(\.names) == [["box"], ["short"]])
    }

    @Test("the vfs driver's copy is one directory without an upper one")
    func vfs() throws {
        let fixture = Fixture()
        let record: JSON = ["id": .string(id("a")), "diff-digest": .string("sha256:" + id("a"))]
        let top: JSON = ["id": .string(id("c")), "parent": .string(id("a"))]
        fixture.scratch.file("\(Fixture.store)/vfs-layers/layers.json", JSON.array([record, top]).bytes)
        fixture.scratch.file(
            "\(Fixture.store)/vfs-containers/containers.json",
            JSON.array([["id": .string(id("1")), "names": ["box"], "layer": .string(id("c"))]]).bytes)
        fixture.scratch.directory("\(Fixture.store)/vfs/dir/\(id("c"))")
        let layers = try fixture.box().layers()
        #expect(layers.lowers.map { fixture.short($0.path) } == ["$/vfs/dir/\(id("c"))"])
        #expect(layers.upper == nil)
        #expect(layers.diffIDs == [DiffID(try Digest(parsing: "sha256:" + id("a")))])
    }

    @Test(
        "a container that is made of a directory has that directory, once it has run", .enabled(if: Requirements.root))
    func namedRoot() throws {
        let fixture = Fixture()
        fixture.layer("c", isImage: false)
        fixture.container(
            "1", name: "box", layer: id("c"),
            members: [("image", ""), ("metadata", "{\"image-name\":\"\",\"name\":\"box\"}")])
        fixture.write()
        let problem = #expect(throws: EngineError.self) { try fixture.box().layers() }
        #expect(
            problem?.description.hasSuffix(
                "is made of a directory (--rootfs), which is written down when it first runs: start it") == true)
        fixture.scratch.file(
            "\(Fixture.store)/overlay-containers/\(id("1"))/userdata/config.json",
            "{\"root\": {\"path\": \"/srv/root\"}}")
        let layers = try fixture.box().layers()
        #expect(layers == EngineLayers(lowers: [EngineLayers.Directory("/srv/root")]))
    }

    // MARK: states

    @Test("a number that is no longer the container's is not taken for it", .enabled(if: Requirements.root))
    func staleProcess() throws {
        let fixture = Fixture.usual()
        fixture.write()
        let place = "run/containers/storage/overlay-containers/\(id("1"))/userdata"
        #expect(try fixture.box().status() == EngineStatus(.created))
        fixture.scratch.file("\(Fixture.store)/overlay-containers/\(id("1"))/userdata/config.json", "{}")
        #expect(try fixture.box().status() == EngineStatus(.stopped))
        // This process is alive, and its parent is who it is.
        fixture.scratch.file("\(place)/pidfile", "\(getpid())")
        fixture.scratch.file("\(place)/conmon.pid", "1")
        #expect(try fixture.box().status() == EngineStatus(.stopped))
        fixture.scratch.file("\(place)/conmon.pid", "\(getppid())\n")
        #expect(try fixture.box().status() == EngineStatus(.running, process: getpid()))
        for damaged in ["", "-1", "x", "99999999999999999999", "0"] {
            fixture.scratch.file("\(place)/pidfile", damaged)
            #expect(try fixture.box().status().process == nil)
        }
        // What cannot be read tells nothing, and is not taken for missing.
        let pidfile = fixture.scratch.path("\(place)/pidfile").string
        unlink(pidfile)
        #expect(try fixture.box().status() == EngineStatus(.created))
        mkdir(pidfile, 0o700)
        #expect(try fixture.box().status() == EngineStatus(.unknown))
    }

    /// What somebody can do who made the directory of what runs, or a file in it, before the user did.
    enum Planted: String, CaseIterable, Sendable {
        case directory = "chown 12345 $R"
        case writableForAll = "chmod 777 $R"
        case writableForGroup = "chmod 775 $R"
        case processNumber = "chown 12345 $R/$P/pidfile"
        case monitorNumber = "chown 12345 $R/$P/conmon.pid"
    }

    @Test(
        "what somebody else put where what runs is kept does not count", .enabled(if: Requirements.root),
        arguments: Planted.allCases)
    func plantedRunRoot(planted: Planted) throws {
        let fixture = Fixture.usual()
        fixture.write()
        let place = "overlay-containers/\(id("1"))/userdata"
        let root = fixture.scratch.path("run/containers/storage").string
        fixture.scratch.file("run/containers/storage/\(place)/pidfile", "\(getpid())")
        fixture.scratch.file("run/containers/storage/\(place)/conmon.pid", "\(getppid())")
        #expect(try fixture.box().status() == EngineStatus(.running, process: getpid()))
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", planted.rawValue]
        shell.environment = ["R": root, "P": place, "PATH": "/usr/bin:/bin"]
        try shell.run()
        shell.waitUntilExit(atMost: 600)
        #expect(shell.terminationStatus == 0)
        #expect(try fixture.box().status().process == nil)
    }

    @Test("a plain user's record does not make root's process a container's", .enabled(if: Requirements.root))
    func othersProcess() throws {
        let fixture = Fixture.usual()
        fixture.user = 12345
        fixture.environment = [
            "CONTAINERS_STORAGE_CONF": fixture.scratch.file(
                "own.conf",
                "[storage]\ngraphroot = \"\(fixture.root)\"\nrunroot = \"\(fixture.scratch.path)/own\"\n"
            ).string
        ]
        fixture.write()
        let place = "own/overlay-containers/\(id("1"))/userdata"
        fixture.scratch.file("\(place)/pidfile", "\(getpid())")
        fixture.scratch.file("\(place)/conmon.pid", "\(getppid())")
        for path in [fixture.root, fixture.scratch.path("own").string] { #expect(chown(path, 12345, 12345) == 0) }
        #expect(try fixture.box().status() == EngineStatus(.stopped))
    }

    // MARK: users

    @Test("a plain user's storage is seen through the user's namespace", .enabled(if: Requirements.root))
    func rootless() throws {
        let fixture = Fixture()
        fixture.layer("a")
        fixture.layer(
            "b", parent: "a", lower: ["a"],
            members: [("uidmap", [["container_id": 0, "host_id": 1000, "size": 2000]])])
        fixture.layer("c", parent: "b", lower: ["b", "a"], isImage: false)
        fixture.container("1", name: "box", layer: id("c"))
        fixture.write()
        fixture.scratch.file("etc/subuid", "other:1:1\n4242:100000:65536\n4242:500000:10\n")
        fixture.scratch.file("etc/subgid", "4242:300000:65536\n")
        #expect(chown(fixture.root, 4242, 4243) == 0)
        let layers = try fixture.box().layers()
        #expect(layers.usesUserXattrs)
        let own = try [(0, 4242, 1), (1, 100_000, 65536), (65537, 500_000, 10)].map { try mapping($0) }
        #expect(layers.lowers.last?.users.ranges == own)
        #expect(layers.upper?.users.ranges == own)
        #expect(layers.upper?.groups.ranges == (try [(0, 4243, 1), (1, 300_000, 65536)].map { try mapping($0) }))
        #expect(layers.lowers.first?.users.ranges == [try mapping((0, 100_999, 2000))])
    }

    @Test("root reads no storage for a user to whom it does not belong", .enabled(if: Requirements.root))
    func othersStorage() throws {
        let fixture = Fixture()
        fixture.layer("a", isImage: false)
        fixture.container("1", name: "box", layer: id("a"))
        fixture.write()
        var surroundings = fixture.surroundings
        (surroundings.user, surroundings.isOfAnother) = (65534, true)
        // The user's own configuration names a directory of root's.
        fixture.scratch.file(
            "home/.config/containers/storage.conf",
            "[storage]\ndriver = \"overlay\"\ngraphroot = \"\(fixture.root)\"\nrunroot = \"\(fixture.root)-run\"\n")
        #expect {
            try ContainersStorage(surroundings).containers()
        } throws: { error in
            "\(error)".hasSuffix("does not belong to user 65534, whose configuration names it")
        }
    }

    @Test("within a plain user's own namespace owners are as they are seen", .enabled(if: Requirements.root))
    func unshared() throws {
        let fixture = Fixture.usual()
        fixture.user = 4242
        fixture.environment = ["XDG_DATA_HOME": "\(fixture.scratch.path)/var/lib"]
        fixture.write()
        let layers = try fixture.box().layers()
        #expect(layers.usesUserXattrs)
        #expect(layers.upper?.users == .identity)
    }

    func mapping(_ numbers: (UInt32, UInt32, UInt32)) throws -> IDMapping {
        try #require(IDMapping(container: numbers.0, host: numbers.1, count: numbers.2))
    }

    @Test("ranges of users that cannot be are refused", arguments: [-1, 4_294_967_296, 4_294_967_295])
    func impossibleRanges(first: Int64) {
        let fixture = Fixture.usual()
        fixture.container(
            "2", name: "mapped", layer: id("c"),
            members: [("uidmap", [["container_id": 0, "host_id": .number("\(first)"), "size": 2]])])
        fixture.write()
        let error = fixture.error {
            for container in try fixture.storage().containers().items where container.names == ["mapped"] {
                _ = try container.layers()
            }
        }
        #expect(error == "podman $: container 222222222222: has a range of users that cannot be")
    }
}
