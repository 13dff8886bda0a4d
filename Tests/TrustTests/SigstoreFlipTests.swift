// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

@testable import Sigstore
@testable import Trust

/// One bit of what was signed, or of what vouches for it, is another one: that is refused, always.
///
/// `CIMG_FLIPS` says how many tries; the seed is fixed.
@Suite(.timeLimit(.minutes(15))) struct SigstoreFlipTests {
    private static let tries = ProcessInfo.processInfo.environment["CIMG_FLIPS"].flatMap { Int($0) } ?? 500

    /// An image with a signature, taken to pieces whose bits are changed one at a time.
    private struct Case {
        var name: String
        var manifest: [UInt8]
        var pieces: [[UInt8]]
        var isAccepted: (_ manifest: [UInt8], _ pieces: [[UInt8]]) -> Bool
    }

    private func first(_ attachment: SigstoreAttachment, _ trust: SigstoreTrust, _ manifest: [UInt8], _ name: String)
        throws -> Case
    {
        // The chain vouches for nothing: it may bring what is missing between certificate and authority.
        let keys = attachment.annotations.keys.sorted().filter { !$0.hasSuffix("/chain") }
        let pieces = [attachment.payload] + keys.map { Array((attachment.annotations[$0] ?? "").utf8) }
        return Case(name: name, manifest: manifest, pieces: pieces) { manifest, pieces in
            var changed = attachment
            changed.payload = pieces[0]
            for (position, key) in keys.enumerated() {
                changed.annotations[key] = String(decoding: pieces[position + 1], as: UTF8.self)
            }
            let finding = try? trust.finding(changed)
            return finding?.subject(Digest(of: manifest)) != nil
        }
    }

    private func bundle(_ json: [UInt8], _ trust: SigstoreTrust, _ manifest: [UInt8], _ name: String) -> Case {
        Case(name: name, manifest: manifest, pieces: [json]) { manifest, pieces in
            let attachment = SigstoreAttachment(mediaType: SigstoreBundle.mediaType, payload: pieces[0])
            let finding = try? trust.finding(attachment)
            return finding?.subject(Digest(of: manifest)) != nil
        }
    }

    private func cases() throws -> [Case] {
        let made = try SigstoreSignatureTests()
        let manifest = Array("manifest".utf8)
        let trust = SigstoreTrust(
            keys: [try SigstoreFixture.key("cosign2.pub")],
            logs: [TransparencyLog(key: try SigstoreFixture.key("rekor.pub"))], needsLog: true)
        let logged = "cosign-key-rekor-valid"
        let keyless = "cosign-fulcio-rekor-valid"
        let authority = try CertificateAuthority(
            anchors: SigstoreFixture.bytes("fulcio_v1.crt.pem"), others: nil)
        let identity = CertificateIdentity(
            issuer: .exact("https://github.com/login/oauth"), email: "mitr@redhat.com")
        return [
            try first(
                SigstoreFixture.attachment("\(keyless)/signature-1"),
                SigstoreTrust(
                    keys: [], certificates: CertificateTrust(authorities: [authority], identity: identity),
                    logs: trust.logs, needsLog: true),
                SigstoreFixture.bytes("\(keyless)/manifest.json"), "cosign, with a certificate"),
            try first(
                SigstoreFixture.attachment("\(logged)/signature-1"), trust,
                SigstoreFixture.bytes("\(logged)/manifest.json"), "cosign, with the public log's promise"),
            try first(
                SigstoreFixture.attachment("cosign-valid/signature-1"),
                SigstoreTrust(keys: [SigstoreFixture.key("cosign.pub")]),
                SigstoreFixture.bytes("cosign-valid/manifest.json"), "cosign"),
            try first(made.signature(), made.trust, manifest, "ours, with a log's promise"),
            bundle(try made.bundle().json, made.trust, manifest, "bundle, with promise and proof"),
        ]
    }

    @Test func `no bit of a signed image can be another one`() throws {
        var generator = SeededGenerator(seed: 14)
        let cases = try cases()
        for one in cases {
            let isAccepted = one.isAccepted(one.manifest, one.pieces)
            #expect(isAccepted, "\(one.name)")
        }
        var accepted: [String] = []
        for round in 0..<Self.tries {
            let one = cases[round % cases.count]
            var (manifest, pieces) = (one.manifest, one.pieces)
            let total = manifest.count + pieces.reduce(0) { $0 + $1.count }
            var byte = Int.random(in: 0..<total, using: &generator)
            let bit = UInt8(1) << UInt8.random(in: 0...7, using: &generator)
            var place = "manifest"
            if byte < manifest.count {
                manifest[byte] ^= bit
            } else {
                byte -= manifest.count
                for position in pieces.indices {
                    if byte < pieces[position].count {
                        pieces[position][byte] ^= bit
                        place = "piece \(position) byte \(byte) bit \(bit)"
                        break
                    }
                    byte -= pieces[position].count
                }
            }
            if one.isAccepted(manifest, pieces) { accepted.append("\(one.name): \(place)") }
        }
        print("bits changed in \(cases.count) signed images: \(Self.tries), accepted: \(accepted.count)")
        #expect(accepted == [])
    }
}
