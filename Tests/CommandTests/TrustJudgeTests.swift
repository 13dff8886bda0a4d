// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Random policies for a few images: cimg and skopeo must say the same of each.
///
/// `CIMG_TRUST_ROUNDS` says how many, and `CIMG_TRUST_SEED` which.
@Suite(.enabled(if: DistributionServer.isInstalled && SigningKey.isPossible), .timeLimit(.minutes(15)))
struct TrustJudgeTests {
    private static let rounds =
        ProcessInfo.processInfo.environment["CIMG_TRUST_ROUNDS"].flatMap { Int($0) } ?? 30
    private static let seed =
        ProcessInfo.processInfo.environment["CIMG_TRUST_SEED"].flatMap { UInt64($0) } ?? 2026

    /// Makes policies.
    private struct Maker {
        var generator = SeededGenerator(seed: TrustJudgeTests.seed)
        let host: String
        let keys: [String]

        mutating func pick<Value>(_ values: [Value]) -> Value {
            values[Int.random(in: 0..<values.count, using: &generator)]
        }

        mutating func identity() -> String? {
            switch pick([0, 0, 0, 0, 1, 2, 2, 3, 4, 5, 6]) {
            case 1: #"{"type":"matchExact"}"#
            case 2: #"{"type":"matchRepository"}"#
            case 3: #"{"type":"exactReference","dockerReference":"\#(host)/\#(pick(["app:1", "app:2", "team/x:1"]))"}"#
            case 4: #"{"type":"exactRepository","dockerRepository":"\#(host)/\#(pick(["app", "team/x"]))"}"#
            case 5:
                #"{"type":"remapIdentity","prefix":"\#(host)/\#(pick(["app", "team", "team/x"]))","signedPrefix":"\#(host)/\#(pick(["app", "team", "other"]))"}"#
            case 6: #"{"type":"matchRepoDigestOrExact"}"#
            default: nil
            }
        }

        mutating func requirement() -> String {
            switch pick([0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3]) {
            case 0: return #"{"type":"insecureAcceptAnything"}"#
            case 1: return #"{"type":"reject"}"#
            case 3:
                // What refuses the file, or is never fulfilled.
                return pick([
                    #"{"type":"signedBy","keyType":"GPGKeys"}"#,
                    #"{"type":"signedBy","keyType":"X509Certificates","keyPath":"/k"}"#,
                    #"{"type":"signedBaseLayer","baseLayerIdentity":{"type":"matchExact"}}"#, #"{"type":"none"}"#,
                    #"{"type":"reject","type":"reject"}"#, #"{"type":"insecureAcceptAnything","x":1}"#,
                    #"{"type":"sigstoreSigned","keyPath":"/k"}"#,
                ])
            default:
                let identity = identity().map { #","signedIdentity":\#($0)"# } ?? ""
                return #"{"type":"signedBy","keyType":"GPGKeys","keyPath":"\#(pick(keys))"\#(identity)}"#
            }
        }

        mutating func requirements() -> String {
            "[" + (0..<pick([1, 1, 1, 2])).map { _ in requirement() }.joined(separator: ",") + "]"
        }

        mutating func policy() -> String {
            var scopes: [String: String] = [:]
            for _ in 0..<pick([0, 1, 2, 3]) {
                let scope = pick([
                    "", host, "\(host)/app", "\(host)/app:1", "\(host)/team", "\(host)/team/x", "*.0.0.1", "127.0.0.1",
                ])
                scopes[scope] = requirements()
            }
            let docker = scopes.sorted { $0.key < $1.key }.map { #""\#($0)":\#($1)"# }.joined(separator: ",")
            return
                #"{"default":\#(requirements()),"transports":{"docker":{\#(docker)},"dir":{"":[{"type":"reject"}]}}}"#
        }
    }

    @Test func `skopeo and cimg give the same verdict on random policies`() throws {
        let server = try DistributionServer()
        let host = server.host
        let (first, second) = (try SigningKey("first@a.example"), try SigningKey("second@b.example"))
        let bench = try Sample.bench()
        bench.scratch.directory("r")
        bench.scratch.file("r/default.yaml", "default-docker:\n  lookaside: file://\(bench.path)/signatures\n")
        for (name, image, key) in [
            ("app:1", "new", first as SigningKey?), ("app:2", "old", second), ("app:3", "old", nil),
            ("team/x:1", "new", first), ("team/y:1", "new", nil),
        ] {
            bench.environment["GNUPGHOME"] = key?.home ?? first.home
            let signing = key.map { ["--sign-by", $0.user] } ?? []
            let push = ["push", "-q", "--registries.d", "r", image, "\(host)/\(name)"] + signing
            guard try bench.cimg(push).code == 0 else { throw BenchError(description: "\(push)") }
        }
        var maker = Maker(host: host, keys: [first.publicKey, second.publicKey])
        var verdicts = [true: 0, false: 0]
        for round in 0..<Self.rounds {
            let policy = maker.policy()
            bench.scratch.file("p.json", policy)
            let names = ["app:1", "app:2", "app:3", "team/x:1", "team/y:1", "app@\(Sample.new.digest)"]
            let image = "docker://\(host)/\(maker.pick(names))"
            let theirs = try bench.run(
                "/usr/bin/skopeo",
                [
                    "--policy", "p.json", "--registries.d", "r", "copy", "-q", "--src-tls-verify=false", image,
                    "dir:\(bench.path)/out\(round)",
                ])
            try? FileManager.default.removeItem(atPath: "\(bench.path)/out\(round)")
            let ours = try bench.cimg("trust", "check", "--policy", "p.json", "--registries.d", "r", image)
            let (accepted, expected) = (ours.code == 0, theirs.code == 0)
            verdicts[accepted, default: 0] += 1
            #expect(accepted == expected, "\(image)\n\(policy)\n\(ours)\n\(theirs)")
        }
        print("verdicts on random policies: \(verdicts[true] ?? 0) accepted, \(verdicts[false] ?? 0) refused")
        #expect((verdicts[true] ?? 0) > 0 && (verdicts[false] ?? 0) > 0)
    }
}
