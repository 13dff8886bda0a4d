// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import SystemPackage
import TestSupport
import Testing
import Threads

@testable import LayerStore

@Suite(.timeLimit(.minutes(15))) struct ConcurrencyTests {
    @Test func `several threads take in the same image at once`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        let path = fixture.store.path
        for _ in 0..<4 {
            let threads = (0..<6).map { number in
                WorkerThread {
                    let store = try Store(path)
                    let stored = try store.add(image.source(piece: 1000), keepsBlobs: true)
                    try store.setReference("n\(number)", to: stored.manifestDigest)
                    return try dumpTree(store.tree(of: store.describe(stored.manifestDigest)))
                }
            }
            for thread in threads { #expect(try thread.join() == sampleTree()) }
            #expect(try fixture.store.references().map(\.name) == (0..<6).map { "n\($0)" })
            #expect(try fixture.problems() == [])
            #expect(try fixture.listing().filter { $0.hasPrefix("tmp/") } == [])
            for number in 0..<6 { #expect(try fixture.store.removeReference("n\(number)")) }
            let report = try fixture.store.prune()
            #expect(report.counts == [4, 2, 1])
        }
    }

    @Test func `several processes take in the same image at once`() throws {
        let fixture = try StoreFixture()
        let image = sampleImage(.gzip)
        let layout = OCILayoutBuilder { $0.image(image, tag: "x") }.write(to: fixture.scratch)
        let processes = try (0..<4).map { number in
            try CimgProgram.start(["import", "--root", fixture.store.path.string, "oci:\(layout)", "n\(number)"])
        }
        for process in processes {
            process.waitUntilExit(atMost: 600)
            #expect(process.terminationStatus == 0)
        }
        #expect(try fixture.store.references().map(\.name) == (0..<4).map { "n\($0)" })
        #expect(try fixture.problems() == [])
        #expect(try fixture.dump(image) == sampleTree())
    }

    @Test func `images come and go while others are taken in`() throws {
        let fixture = try StoreFixture()
        let path = fixture.store.path
        let threads = (0..<3).map { number in
            WorkerThread {
                let store = try Store(path)
                let image = sampleImage(.gzip, "text \(number)\n")
                for _ in 0..<8 {
                    let stored = try store.add(image.source, keepsBlobs: true)
                    try store.setReference("n\(number)", to: stored.manifestDigest)
                    guard try store.removeReference("n\(number)") else { throw Errno.noSuchFileOrDirectory }
                }
            }
        }
        let pruning = WorkerThread {
            let store = try Store(path)
            for _ in 0..<12 { _ = try store.prune() }
        }
        for thread in threads + [pruning] { try thread.join() }
        #expect(try fixture.problems() == [])
        _ = try fixture.store.prune()
        #expect(try FileManager.default.contentsOfDirectory(atPath: fixture.path("blobs/sha256")) == [])
    }

    @Test func `no writer's directory is swept by another`() throws {
        let fixture = try StoreFixture()
        let path = fixture.store.path
        let threads = (0..<6).map { number in
            WorkerThread {
                let store = try Store(path)
                for round in 0..<150 {
                    let writer = try TemporaryDirectory(store)
                    let file = try writer.create("file")
                    try file.write([UInt8(number), UInt8(round)])
                    guard try writer.directory.openBeneath("file").readToEnd() == [UInt8(number), UInt8(round)] else {
                        throw Errno.ioError
                    }
                }
            }
        }
        for thread in threads { try thread.join() }
        #expect(try fixture.listing().filter { $0.hasPrefix("tmp/") } == [])
    }

    @Test func `a process that can start no thread says so`() throws {
        let fixture = try StoreFixture()
        let layout = OCILayoutBuilder { $0.image(sampleImage(.gzip), tag: "x") }.write(to: fixture.scratch)
        // Stacks of this size fit into no address space.
        let process = try CimgProgram.start(
            [
                "--stack=281474976710656", CimgProgram.path, "import", "--root", fixture.store.path.string,
                "oci:\(layout)",
            ],
            program: "/usr/bin/prlimit")
        let watch = DispatchWorkItem { process.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 20, execute: watch)
        process.waitUntilExit(atMost: 600)
        watch.cancel()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 2)
        #expect(try fixture.problems() == [])
    }
}
