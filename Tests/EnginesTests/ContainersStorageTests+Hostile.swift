// SPDX-License-Identifier: Apache-2.0

import Engines
import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

extension ContainersStorageTests {
    // MARK: damaged
    @Test("a damaged record is told and does not hide the others")
    func damagedRecord() throws {
        let fixture = Fixture.usual()
        fixture.record(["id": 5])
        fixture.record("text")
        fixture.record(["id": .string(id("4")), "ID": .string(id("5")), "layer": .string(id("c"))])
        fixture.container("2", name: "after", layer: id("c"))
        fixture.write()
        let listing = try fixture.storage().containers()
        #expect(listing.items.map(\.names) == [["box"], ["after"]])
        #expect(
            listing.problems.map { "\($0)".replacing(fixture.root, with: "$") } == [
                "podman $: overlay-containers/containers.json: has 3 damaged records"
            ])
    }

    @Test(
        "a damaged list is an error with its place",
        arguments: ["", "[", "{}", "[[[", "null", "\u{1}", #"[{"id":"a","id":"b"}]"#])
    func damagedList(text: String) {
        let fixture = Fixture.usual()
        fixture.write()
        fixture.scratch.file("\(Fixture.store)/overlay-containers/containers.json", text)
        let error = fixture.error { _ = try fixture.storage().containers() }
        #expect(error?.hasPrefix("podman $: overlay-containers/containers.json: ") == true, "\(error ?? "none")")
        #expect(error?.contains("\n") == false)
    }

    @Test(
        "identifiers that lead elsewhere are refused",
        arguments: [
            "../../../../etc", "..", "", "a/b", ".hidden", "x\u{0}y", "\u{1b}[2J", String(repeating: "a", count: 256),
        ])
    func hostileIdentifiers(text: String) {
        let fixture = Fixture.usual()
        fixture.record(["id": .string(text), "names": ["hostile"], "layer": .string(id("c"))])
        fixture.container("3", name: "below", layer: text)
        fixture.write()
        let listing = try? fixture.storage().containers()
        #expect(listing?.items.map(\.names) == [["box"], ["below"]])
        #expect(listing?.problems.count == 1)
        #expect(listing?.problems.first.map { "\($0)".hasSuffix("has an identifier that cannot be") } == true)
        #expect("\(listing?.problems ?? [])".utf8.allSatisfy { $0 >= 0x20 })
        let error = fixture.error { _ = try listing?.items.last?.layers() }
        #expect(error?.hasPrefix("podman $: container 333333333333: ") == true, "\(error ?? "none")")
    }

    @Test(
        "lists of lower layers that lead elsewhere are refused",
        arguments: ["l/../../../etc", "l/..", "/etc", "l/", "../x", "l/a/b", "x/LINKa"])
    func hostileLower(text: String) {
        let fixture = Fixture.usual()
        fixture.lower(of: "c", text)
        fixture.write()
        #expect(
            fixture.layersError()
                == "podman $: container 111111111111: its file lower names \(text), no layer's link")
    }

    @Test(
        "links of layers that lead elsewhere are refused",
        arguments: ["/etc", "../../../../etc", "../..", "../../diff", "x"])
    func hostileLink(target: String) {
        let fixture = Fixture.usual()
        fixture.link("LINKb", to: target)
        fixture.write()
        #expect(fixture.layersError() == "podman $: overlay/l/LINKb: leads to \(target), not to a layer")
    }

    @Test("a layer's directory that is a symbolic link is refused, also when it becomes one later")
    func linkedDirectory() throws {
        let fixture = Fixture.usual()
        fixture.write()
        let layers = try fixture.box().layers()
        let diff = "\(fixture.root)/overlay/\(id("b"))/diff"
        #expect(rmdir(diff) == 0 && symlink("/etc", diff) == 0)
        #expect(
            fixture.layersError() == "podman $: overlay/\(id("b"))/diff: is a symbolic link or lies behind one")
        let error = fixture.error { _ = try layers.lowers.first?.open() }
        #expect(error == "layer $/overlay/\(id("b"))/diff: is a symbolic link or lies behind one")
    }

    @Test("layers in a circle end")
    func circle() {
        let fixture = Fixture()
        fixture.layer("a", parent: "b")
        fixture.layer("b", parent: "a")
        fixture.container("1", name: "box", layer: id("a"))
        fixture.write()
        #expect(
            fixture.layersError()
                == "podman $: container 111111111111: has more than 1024 layers on top of each other")
    }

    @Test("layers that are missing are named")
    func missing() {
        let fixture = Fixture.usual()
        fixture.container("2", name: "other", layer: id("d"))
        fixture.write()
        let error = fixture.error { _ = try fixture.storage().containers().items.last?.layers() }
        #expect(error == "podman $: container 222222222222: layer \(id("d")) is missing")
        #expect(rmdir("\(fixture.root)/overlay/\(id("a"))/diff") == 0)
        #expect(
            fixture.layersError() == "podman $: container 111111111111: the directory of layer \(id("a")) is missing")
        unlink("\(fixture.root)/overlay/l/LINKa")
        #expect(fixture.layersError() == "podman $: overlay/l/LINKa: the link to a layer is missing")
    }

    @Test("a list that is too large is refused unread, and a fifo is not waited for")
    func odd() {
        let fixture = Fixture.usual()
        fixture.write()
        let list = "\(fixture.root)/overlay-containers/containers.json"
        #expect(truncate(list, off_t(64 << 20) + 1) == 0)
        #expect(
            fixture.error { _ = try fixture.storage().containers() }
                == "podman $: overlay-containers/containers.json: is larger than 67108864 bytes")
        #expect(unlink(list) == 0 && mkfifo(list, 0o600) == 0)
        #expect(
            fixture.error { _ = try fixture.storage().containers() }
                == "podman $: overlay-containers/containers.json: is not a regular file")
    }

    @Test("storage drivers that keep no directories are named")
    func otherDriver() {
        let fixture = Fixture()
        fixture.scratch.directory("\(Fixture.store)/btrfs-layers")
        #expect(
            fixture.error { _ = try fixture.storage().containers() }
                == "podman $: uses the storage driver btrfs; only overlay and vfs can be read")
        fixture.scratch.file("etc/containers/storage.conf", "[storage]\ndriver = \"zfs\"\n")
        #expect(
            fixture.error { _ = try fixture.storage().images() }
                == "podman $: uses the storage driver zfs; only overlay and vfs can be read")
    }

    @Test("layers kept as composefs are refused, as their files have other names")
    func composefs() {
        let fixture = Fixture.usual()
        fixture.write()
        fixture.scratch.file("\(Fixture.store)/overlay/\(id("a"))/composefs-data/composefs.blob", "")
        #expect(
            fixture.layersError()
                == "podman $: container 111111111111: layer \(id("a")) is kept as composefs, which cannot be read in place"
        )
    }
}
