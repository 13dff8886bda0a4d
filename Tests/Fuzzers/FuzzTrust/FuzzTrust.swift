// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc
import OCI
import Sigstore
import Trust

/// Mutated text as policies, payloads, what gpg says, signature files and configurations of signature storage.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show; a policy that was read
/// and written says the same; a payload too. The first byte chooses the reader.
@main
enum FuzzTrust {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let choice = bytes.first else { return 0 }
    let rest = Array(bytes.dropFirst())
    switch choice % 12 {
    case 0:
        check {
            let policy = try Policy(json: rest, name: "policy")
            let document = try PolicyDocument(json: rest, name: "policy")
            let again = try Policy(json: document.text, name: "policy")
            precondition(again == policy, "a policy changed by being written")
        }
    case 1:
        check {
            let payload = try SimpleSigningPayload(json: rest)
            let again = try SimpleSigningPayload(json: payload.json)
            precondition(again == payload, "a payload changed by being written")
            _ = SignedIdentity.matchExact.matches(signed: payload.dockerReference, wanted: nil)
        }
    case 2: check { _ = try GPGStatus(rest).signature() }
    case 3: check { _ = try SignatureFile(rest) }
    case 4: check { _ = try RegistrySignatures.signatures(json: rest, name: "signatures") }
    case 5:
        check {
            var storage = SignatureStorage()
            try storage.add(rest, name: "a.yaml")
        }
    case 6:
        check {
            let bundle = try SigstoreBundle(json: rest)
            let again = try SigstoreBundle(json: bundle.json)
            precondition(again == bundle, "a bundle changed by being written")
        }
    case 7:
        check {
            let payload = try CosignPayload(json: rest)
            let again = try CosignPayload(json: payload.json)
            precondition(again == payload, "a payload changed by being written")
        }
    case 8:
        check {
            for block in try PEMBlock.blocks(rest) { _ = try SigstoreKey(der: block.bytes) }
            _ = try EncryptedKey(pem: rest)
        }
    case 9: check { _ = try TrustedRoot(json: rest) }
    case 10: check { try SigstoreReaders.check(certificate: rest) }
    default: check { try SigstoreReaders.check(timestamp: rest) }
    }
    return 0
}

/// Runs a reader; an error it throws must be printable.
private func check(_ body: () throws -> Void) {
    do {
        try body()
    } catch {
        let message = "\(error)"
        precondition(!message.isEmpty, "an error without words")
        precondition(message.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a message")
    }
}
