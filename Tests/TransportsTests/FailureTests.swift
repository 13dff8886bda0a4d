// SPDX-License-Identifier: Apache-2.0

#if DEBUG
    import Foundation
    import LayerStore
    import LinuxIO
    import OCI
    import SystemPackage
    import TestSupport
    import Testing
    import Threads

    @testable import Transports

    /// Each system call of each copy to a place of this machine fails once, and from each on all of them do.
    @Suite(.timeLimit(.minutes(15))) struct FailureTests {
        private let source = ScratchDirectory()
        private let image = ImageBuilder([
            LayerBuilder(.gzip) { $0.file("etc/name", "old\n") }, LayerBuilder(.none) { $0.file("etc/name", "new\n") },
        ])
        private let other = ImageBuilder(.none) { $0.file("other", "bytes") }

        private func location(_ text: String) throws -> ImageLocation {
            try #require(try ImageLocation(parsing: text))
        }

        private func graph() throws -> SourceGraph {
            let layout = OCILayoutBuilder { $0.image(image, tag: "1") }.write(to: source)
            return try #require(try openGraph(location("oci:\(layout):1")))
        }

        @Test func `a registry's folder is listed whole or not at all`() throws {
            let place = RegistryFolderBuilder(source)
            for name in ["a", "b/c", "d"] { place.image(image, name, tag: "1") }
            var number = 0
            while true {
                let plan = FailurePlan(.call(number, .tooManyOpenFiles))
                let found = try? plan.run { try RegistryDirectory(source.path("storage"), name: "").repositories() }
                guard plan.injectedCount > 0 else { break }
                #expect(found == nil || found == ["a", "b/c", "d"], "call \(number)")
                number += 1
            }
            #expect(number > 10)
        }

        private func copy(_ graph: SourceGraph, to destination: String) throws {
            let location = try #require(try ImageLocation(destination: destination))
            let place = try #require(try openDestination(location))
            for blob in graph.blobs { _ = try place.take(blob) { try graph.open(blob) } }
            for document in graph.documents { try place.take(document) }
            try place.finish(try #require(graph.top))
        }

        /// Images by tag, with the digests of all that belongs to them, each checked.
        private func shown(_ layout: String, _ tags: [String]) throws -> [String: [String]] {
            var images: [String: [String]] = [:]
            for tag in tags {
                guard let graph = try? openGraph(location(of: "\(layout):\(tag)")) else { continue }
                images[tag] = try graph.blobs.map { blob in
                    try VerifiedBlob.copy(blob, from: try graph.open(blob)) { _ in }
                    return "\(blob.digest)"
                }
            }
            return images
        }

        private func location(of text: String) throws -> ImageLocation { try location(text) }

        private func names(in directory: FilePath) throws -> [String] {
            try Descriptor.open(directory, O_RDONLY | O_DIRECTORY).entryNames().map {
                String(decoding: $0, as: UTF8.self)
            }.sorted()
        }

        @Test func `a layout gets one more image or stays as it is`() throws {
            let graph = try graph()
            let loop = FailureLoop(
                "copy to oci:",
                make: {
                    let scratch = ScratchDirectory()
                    OCILayoutBuilder { $0.image(other, tag: "other") }.write(to: scratch)
                    return scratch
                },
                operation: { try copy(graph, to: "oci:\($0.path("layout")):new") },
                state: { try shown("oci:\($0.path("layout"))", ["other", "new"]) },
                leftovers: { place in
                    try ["layout", "layout/blobs/sha256"].flatMap { try names(in: place.path($0)) }
                        .filter { $0.hasPrefix(".") }
                })
            try loop.run()
        }

        @Test func `a layout is made whole`() throws {
            let graph = try graph()
            let loop = FailureLoop(
                "copy to a new oci:", make: { ScratchDirectory() },
                operation: { try copy(graph, to: "oci:\($0.path("layout")):new") },
                state: { try shown("oci:\($0.path("layout"))", ["new"]) })
            try loop.run()
        }

        @Test func `a directory of blobs is made whole`() throws {
            let graph = try graph()
            let loop = FailureLoop(
                "copy to dir:", make: { ScratchDirectory() },
                operation: { try copy(graph, to: "dir:\($0.path("image"))") },
                state: { place -> [String] in
                    guard let graph = try? openGraph(location("dir:\(place.path("image"))")) else {
                        return []
                    }
                    return try graph.blobs.map { blob in
                        try VerifiedBlob.copy(blob, from: try graph.open(blob)) { _ in }
                        return "\(blob.digest)"
                    }
                },
                leftovers: { try names(in: $0.path("image")).filter { $0.hasPrefix(".") } })
            try loop.run()
        }

        @Test func `an archive has its name when it is whole`() throws {
            let graph = try graph()
            let loop = FailureLoop(
                "copy to oci-archive:", make: { ScratchDirectory() },
                operation: { place in
                    // Who has written one is told that it is there: that is the new state too.
                    if fileExists(place.path("image.tar")) { return }
                    try copy(graph, to: "oci-archive:\(place.path("image.tar")):new")
                },
                state: { try shown("oci-archive:\($0.path("image.tar"))", ["new"]) },
                leftovers: { try names(in: $0.path).filter { $0 != "image.tar" } })
            try loop.run()
        }

        @Test func `an archive for docker has its name when it is whole`() throws {
            let loop = FailureLoop(
                "copy to docker-archive:", make: { ScratchDirectory() },
                operation: { [image] place in
                    if fileExists(place.path("image.tar")) { return }
                    try writeDockerArchive(
                        ImageLocation(.dockerArchive, place.path("image.tar")), name: "app:1",
                        configuration: image.configuration.bytes,
                        layers: image.layers.map { layer in
                            (layer.diffID, UInt64(layer.tar.count), MemoryBytes(layer.tar))
                        })
                },
                state: {
                    fileExists($0.path("image.tar")) ? try Descriptor.open($0.path("image.tar")).readToEnd() : []
                },
                leftovers: { try names(in: $0.path).filter { $0 != "image.tar" } })
            try loop.run()
        }

        @Test func `a link in the place of a file that is being written is not followed`() throws {
            let scratch = ScratchDirectory()
            let victim = scratch.file("victim", "kept")
            for name in [".image.tar.\(getpid())", "image.tar.tmp"] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(scratch.path(name))", withDestinationPath: "\(victim)")
            }
            try copy(graph(), to: "oci-archive:\(scratch.path("image.tar")):new")
            #expect(try Descriptor.open(victim).readToEnd() == Array("kept".utf8))
            #expect(try shown("oci-archive:\(scratch.path("image.tar"))", ["new"]).count == 1)
        }
    }

    /// Bytes in memory as a stream.
    private final class MemoryBytes: ByteStream, @unchecked Sendable {
        // SAFETY: used by one thread at a time, as every stream.
        private var rest: ArraySlice<UInt8>

        init(_ bytes: [UInt8]) { rest = bytes[...] }

        func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
            let part = rest.prefix(buffer.count)
            part.withUnsafeBytes { buffer.copyMemory(from: $0) }
            rest = rest.dropFirst(part.count)
            return part.count
        }
    }
#endif
