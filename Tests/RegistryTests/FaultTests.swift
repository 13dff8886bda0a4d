// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LayerStore
import OCI
import Synchronization
import TestSupport
import Testing

@testable import Registry

/// Pulling through a network that does everything wrong that it can, as a seed says.
@Suite(.timeLimit(.minutes(15))) struct FaultTests {
    private static let image = ImageBuilder([
        LayerBuilder(.gzip) {
            $0.directory("etc")
            $0.file("etc/name", "name\n")
            $0.file("random", RegistrySample.noise(seed: 2, count: 60_000))
        },
        LayerBuilder(.zstd) { $0.file("other", RegistrySample.noise(seed: 3, count: 5000)) },
        LayerBuilder { $0.file("plain", "plain\n") },
    ])

    /// The random numbers of one run, for the threads of its connections.
    private final class Dice: Sendable {
        private let generator: Mutex<SeededGenerator>

        init(_ seed: UInt64) { generator = Mutex(SeededGenerator(seed: seed)) }

        func roll(_ range: Range<Int>) -> Int { generator.withLock { Int.random(in: range, using: &$0) } }
    }

    /// One run: what went wrong is in the answer's hands.
    private static func distort(
        _ request: LoopbackServer.Request, _ answer: inout LoopbackServer.Answer, _ dice: Dice, _ other: String
    ) {
        guard answer.status < 300, !answer.body.isEmpty, dice.roll(0..<100) < 40 else { return }
        let count = answer.body.count
        switch dice.roll(0..<9) {
        case 0, 1: answer.cutsAfter = dice.roll(0..<count)
        case 2: answer.stallsAfter = dice.roll(0..<count)
        case 3: answer.body[dice.roll(0..<count)] ^= UInt8(dice.roll(1..<256))
        case 4: answer = .init([429, 500, 502, 503, 504][dice.roll(0..<5)], headers: [("Retry-After", "0")])
        case 5: answer.claimedLength = max(0, count + dice.roll(-count..<count))
        case 6: answer = .init(307, headers: [("Location", "http://\(other)\(request.target)")])
        case 7: answer.headers.append(("Docker-Content-Digest", "\(Digest(of: [UInt8(dice.roll(0..<256))]))"))
        default: answer.isEndless = true
        }
    }

    /// How many runs there are: 200, or as `$CIMG_FAULT_RUNS` says.
    private static let runs =
        ProcessInfo.processInfo.environment["CIMG_FAULT_RUNS"].flatMap { Int($0) }.map { max(1, $0) } ?? 200

    /// Ten runs each.
    @Test(arguments: 0..<(runs + 9) / 10)
    func `a pull ends with the right image or a clear error`(_ group: Int) throws {
        for seed in (group * 10)..<min(Self.runs, group * 10 + 10) {
            let dice = Dice(UInt64(seed))
            let registry = FakeRegistry()
            registry.add(Self.image, to: "team/app", tag: "1")
            let content = registry.content.withLock { ($0.blobs, $0.manifests) }
            let other = FakeRegistry()
            other.content.withLock { ($0.blobs, $0.manifests) = content }
            let password = "Basic " + Data("me:secret".utf8).base64EncodedString()
            registry.intercept { request in
                request.header("Authorization") == password
                    ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
            }
            let otherHost = other.host
            registry.distort { Self.distort($0, &$1, dice, otherHost) }
            var fixture = try PullFixture()
            fixture.settings.limits.stallTimeout = .milliseconds(100)
            fixture.settings.credentials.given = try Credential(parsing: "me:secret")
            do {
                let image = try fixture.pull("\(registry.host)/team/app:1")
                #expect(image.manifestDigest == Self.image.digest, "seed \(seed)")
                #expect(image.diffIDs == Self.image.layers.map(\.diffID), "seed \(seed)")
            } catch {
                let isKnown = error is RegistryError || error is StoreError || error is FormatError
                #expect(isKnown, "seed \(seed): \(error)")
                #expect(!"\(error)".contains("\n"), "seed \(seed): \(error)")
            }
            #expect(try fixture.store.fsck(repairs: false).problems == [], "seed \(seed)")
            #expect(other.server.requests.allSatisfy { $0.header("Authorization") == nil }, "seed \(seed)")
            // What arrived whole is there for the next try, which meets no trouble.
            guard seed % 5 == 0 else { continue }
            registry.distort { _, _ in }
            #expect(try fixture.pull("\(registry.host)/team/app:1").manifestDigest == Self.image.digest)
        }
    }
}
