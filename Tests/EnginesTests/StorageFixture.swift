// SPDX-License-Identifier: Apache-2.0

import Engines
import Foundation
import OCI
import SystemPackage
import TestSupport

/// A containers/storage as podman lays it out, made by hand, with what is wrong in it.
final class StorageFixture {
    let scratch = ScratchDirectory()
    var user: UInt32 = 0
    var environment: [String: String] = [:]
    private var layers: [JSON] = []
    private var containers: [JSON] = []
    private var images: [JSON] = []

    /// Where the storage is in the scratch directory.
    static let store = "var/lib/containers/storage"

    /// The storage's directory.
    var root: String { "\(scratch.path)/\(Self.store)" }

    /// An identifier of 64 times the same digit.
    static func id(_ digit: Character) -> String { String(repeating: digit, count: 64) }

    /// Adds a layer with its directory, its short name and its list of lower layers, the topmost first.
    func layer(
        _ digit: Character, parent: Character? = nil, lower: [Character] = [], isImage: Bool = true,
        members: [(String, JSON)] = []
    ) {
        var record: JSON = ["id": .string(Self.id(digit))]
        if let parent { record["parent"] = .string(Self.id(parent)) }
        if isImage {
            record["diff-digest"] = .string("sha256:" + Self.id(digit))
            record["diff-size"] = 1000
        }
        for (name, value) in members { record[name] = value }
        layers.append(record)
        scratch.directory("\(Self.store)/overlay/\(Self.id(digit))/diff")
        link("LINK\(digit)", to: "../\(Self.id(digit))/diff")
        if !lower.isEmpty { self.lower(of: digit, lower.map { "l/LINK\($0)" }.joined(separator: ":")) }
    }

    /// Writes the text that names a layer's lower ones.
    func lower(of digit: Character, _ text: String) {
        scratch.file("\(Self.store)/overlay/\(Self.id(digit))/lower", text)
    }

    /// Makes a short name.
    func link(_ name: String, to target: String) {
        scratch.directory("\(Self.store)/overlay/l")
        let path = "\(root)/overlay/l/\(name)"
        unlink(path)
        precondition(symlink(target, path) == 0)
    }

    /// Adds a container's record.
    func container(_ digit: Character, name: String, layer: String, members: [(String, JSON)] = []) {
        var record: JSON = ["id": .string(Self.id(digit)), "names": [.string(name)], "layer": .string(layer)]
        for (name, value) in members { record[name] = value }
        containers.append(record)
    }

    /// Adds anything to the list of containers.
    func record(_ record: JSON) { containers.append(record) }

    /// Adds an image's record.
    func image(_ digit: Character, name: String, layer: Character) {
        images.append(["id": .string(Self.id(digit)), "names": [.string(name)], "layer": .string(Self.id(layer))])
    }

    /// Writes the lists.
    func write() {
        scratch.file("\(Self.store)/overlay-layers/layers.json", JSON.array(layers).bytes)
        scratch.file("\(Self.store)/overlay-containers/containers.json", JSON.array(containers).bytes)
        scratch.file("\(Self.store)/overlay-images/images.json", JSON.array(images).bytes)
    }

    /// Two layers of an image and a container named `box` on it.
    static func usual() -> StorageFixture {
        let fixture = StorageFixture()
        fixture.layer("a")
        fixture.layer("b", parent: "a", lower: ["a"])
        fixture.layer("c", parent: "b", lower: ["b", "a"], isImage: false)
        fixture.container("1", name: "box", layer: id("c"))
        return fixture
    }

    var surroundings: EngineSurroundings {
        EngineSurroundings(
            user: user, home: scratch.path("home"), environment: environment, root: scratch.path)
    }

    func storage() throws -> ContainersStorage { try ContainersStorage(surroundings) }

    /// The container named `box`.
    func box() throws -> EngineContainer {
        let listing = try storage().containers()
        guard let box = listing.items.first(where: { $0.names == ["box"] }) else {
            throw EngineError("box", "\(listing.problems)")
        }
        return box
    }

    /// The error of the layers of `box`, with `$` for the storage's directory; nil without one.
    func layersError() -> String? { error { _ = try box().layers() } }

    /// The error that a body throws, with `$` for the storage's directory; nil without one.
    func error(_ body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(error)".replacing(root, with: "$").replacing(scratch.path.string, with: "#")
        }
    }

    /// A path of the storage's directory with `$` for it.
    func short(_ path: FilePath?) -> String { (path?.string ?? "-").replacing(root, with: "$") }
}
