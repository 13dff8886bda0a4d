// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Unpacking

/// Engines that unpack layers for real.
struct RealUnpacking {
    enum Result {
        case tree([String: DiskRecord])
        case refused(String)
    }

    private let bench = EngineBench()

    /// What is on the disk after an engine has unpacked layers, stack by stack.
    func results(_ engine: UnpackingEngine, _ stacks: [[[LayerItem]]]) throws -> [Result] {
        switch engine {
        case .docker: return try loaded(.docker, stacks, shared)
        case .podman: return try loaded(.podman, stacks, shared)
        case .containerd: return try loaded(.containerd, stacks) { try $1.map(containerd) }
        case .umoci: return try stacks.map { try umoci(Self.image($0)) }
        case .kernel: return try stacks.map(kernel)
        }
    }

    private typealias Named = (image: ImageBuilder, name: String)

    private static func image(_ layers: [[LayerItem]]) -> ImageBuilder {
        ImageBuilder(layers.map { LayerBuilder(tar: LayerItem.tar($0)) })
    }

    /// Loads stacks in one archive, or, where an engine refuses it, each in its own.
    private func loaded(
        _ engine: EngineBench.Engine, _ stacks: [[[LayerItem]]],
        _ look: (EngineBench.Engine, [Named]) throws -> [Result]
    ) throws -> [Result] {
        let images = stacks.map { Named(Self.image($0), "localhost/cimg-unpacking:\(UInt32.random(in: 0 ... .max))") }
        let scratch = ScratchDirectory()
        var builder = DockerArchiveBuilder(.legacy)
        for (image, name) in images { builder.image(image, tags: [name]) }
        let archive = scratch.file("image.tar", builder.bytes)
        let removal = (engine == .containerd ? ["images", "rm", "--sync"] : ["rmi", "-f"]) + images.map(\.name)
        defer { _ = try? bench.engine(engine, removal) }
        do {
            try bench.engine(
                engine,
                engine == .containerd ? ["images", "import", archive.string] : ["load", "-q", "-i", archive.string])
        } catch let failure as EngineBench.Failure {
            guard stacks.count > 1 else { return [.refused(failure.description)] }
            return try stacks.flatMap { try loaded(engine, [$0], look) }
        }
        return try look(engine, images)
    }

    private func shared(_ engine: EngineBench.Engine, _ images: [Named]) throws -> [Result] {
        let format = "{{.GraphDriver.Data.UpperDir}}|{{.GraphDriver.Data.LowerDir}}"
        let lines = try bench.engine(engine, ["image", "inspect", "-f", format] + images.map(\.name))
        return try lines.split(separator: "\n").map { line in
            let paths = line.split(separator: "|").flatMap { $0.split(separator: ":") }.map(String.init)
            return .tree(try merged(paths.filter { $0 != "<no value>" }))
        }
    }

    private func containerd(_ image: ImageBuilder, _ name: String) throws -> Result {
        let mount = try view(of: "\(ChainID(image.layers.map(\.diffID)))", 5)
        let words = mount.split(separator: " ").map(String.init)
        // One layer alone is a bind mount.
        if let options = words.last?.split(separator: ","),
            let lower = options.first(where: { $0.hasPrefix("lowerdir=") })
        {
            return .tree(try merged(lower.dropFirst(9).split(separator: ":").map(String.init)))
        }
        guard let source = words.first(where: { $0.hasPrefix("/") }) else {
            return .refused("ctr says \(mount)")
        }
        return .tree(try merged([source]))
    }

    /// How ctr would mount a snapshot.
    private func view(of chain: String, _ attempts: Int) throws -> String {
        let key = "view-\(UInt32.random(in: 0 ... .max))"
        defer { _ = try? bench.engine(.containerd, "snapshots", "rm", key) }
        do {
            try bench.engine(.containerd, "snapshots", "view", key, chain)
            return try bench.engine(.containerd, "snapshots", "mounts", "/none", key)
        } catch let failure as EngineBench.Failure {
            // containerd may have collected it in between.
            guard attempts > 1 else { throw failure }
            return try view(of: chain, attempts - 1)
        }
    }

    private func umoci(_ image: ImageBuilder) throws -> Result {
        let scratch = ScratchDirectory()
        OCILayoutBuilder { $0.image(image, tag: "t") }.write(to: scratch)
        let bundle = scratch.path("bundle")
        do {
            try bench.run(.podman, ["umoci", "unpack", "--image", "\(scratch.path("layout")):t", bundle.string])
        } catch let failure as EngineBench.Failure {
            return .refused(failure.description)
        }
        return .tree(try DiskRecords.of(bundle.appending("rootfs")))
    }

    /// What the kernel's overlay shows of directories, the topmost first.
    private func merged(_ paths: [String]) throws -> [String: DiskRecord] {
        let scratch = ScratchDirectory()
        let (target, empty, links) = (scratch.directory("merged"), scratch.directory("empty"), scratch.directory("l"))
        // A page of options is not much, and one layer alone is no overlay to the kernel.
        var lowers: [String] = []
        for (index, path) in paths.enumerated() {
            try FileManager.default.createSymbolicLink(atPath: "\(links)/\(index)", withDestinationPath: path)
            lowers.append("\(links)/\(index)")
        }
        let options = "lowerdir=\((lowers + [empty.string]).joined(separator: ":"))"
        guard mount("overlay", target.string, "overlay", UInt(MS_RDONLY), options) == 0 else {
            throw Errno(rawValue: errno)
        }
        defer { umount2(target.string, Int32(MNT_DETACH)) }
        return try DiskRecords.of(target)
    }

    // MARK: - Layers as the specification has them, under the kernel's overlay

    private func kernel(_ layers: [[LayerItem]]) throws -> Result {
        let scratch = ScratchDirectory()
        var paths: [String] = []
        for (index, items) in layers.enumerated() {
            let (layer, bytes) = LayerItem.inMemory(items)
            var flattener = Flattener()
            do {
                try flattener.apply(layer)
            } catch let error as LayerError {
                return .refused(error.reason)
            }
            let directory = scratch.directory("layer\(index)")
            try DiskWriter(layer: layer, bytes: bytes).write(try flattener.freeze(), to: directory)
            paths.insert(directory.string, at: 0)
        }
        return .tree(try merged(paths))
    }
}
