// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import SystemPackage
import TestSupport
import Testing

@testable import LayerStore

@Suite(.serialized, .timeLimit(.minutes(15))) struct KillTests {
    @Test func `an import killed at any instant leaves a clean store`() throws {
        let fixture = try StoreFixture()
        // Bytes that do not compress, so that there is something to do.
        var state: UInt64 = 42
        func noise(_ count: Int) -> [UInt8] {
            (0..<count).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 56)
            }
        }
        let image = ImageBuilder(
            (0..<3).map { layer in
                LayerBuilder(layer == 1 ? .zstd : .gzip) { tar in
                    for file in 0..<20 { tar.file("l\(layer)/f\(file)", noise(20_000)) }
                }
            })
        let layout = OCILayoutBuilder { $0.image(image, tag: "x") }.write(to: fixture.scratch)
        let command = ["import", "--root", fixture.store.path.string, "oci:\(layout)", "x"]
        let start = ContinuousClock.now
        let whole = try CimgProgram.start(command)
        whole.waitUntilExit(atMost: 600)
        #expect(whole.terminationStatus == 0)
        var duration = start.duration(to: .now) / .microseconds(1)
        let expected = try fixture.dump(image)
        var killed = 0
        for round in 0..<25 {
            #expect(try fixture.store.removeReference("x"))
            _ = try fixture.store.prune()
            let process = try CimgProgram.start(command)
            usleep(UInt32(duration * (Double(round) + 0.5) / 25))
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit(atMost: 600)
            if process.terminationReason == .uncaughtSignal {
                killed += 1
            } else {
                // It was faster than the first one, which may have found the machine busy or its caches cold.
                duration *= 0.7
            }
            #expect(try fixture.problems() == [], "round \(round)")
            let again = try CimgProgram.start(command)
            again.waitUntilExit(atMost: 600)
            #expect(again.terminationStatus == 0, "round \(round)")
            #expect(try fixture.problems() == [], "round \(round)")
            #expect(try fixture.dump(image) == expected, "round \(round)")
            #expect(try fixture.listing().filter { $0.hasPrefix("tmp/") } == [], "round \(round)")
        }
        #expect(killed > 5)
    }
}
