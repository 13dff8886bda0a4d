// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc
import Registry

/// Mutated text as what registries answer, and as the files that say how to speak with them.
///
/// Beyond not crashing: whatever is refused is refused with a message that a terminal can show, and an address that an
/// answer leads to is the same one to whoever reads it again. The first byte chooses the reader; a line end parts what
/// needs two texts.
@main
enum FuzzRegistry {
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
    let parts = rest.split(separator: UInt8(ascii: "\n"), maxSplits: 1, omittingEmptySubsequences: false).map(
        Array.init)
    let first = String(decoding: parts.first ?? [], as: UTF8.self)
    let second = parts.count > 1 ? parts[1] : []
    switch choice % 5 {
    case 0: RegistryText.readChallenge(String(decoding: rest, as: UTF8.self))
    case 1: RegistryText.readLink(String(decoding: second, as: UTF8.self), from: first)
    case 2: check { try RegistryText.readToken(rest) }
    case 3: check { try RegistryText.readCredentials(second, host: first, repository: "team/app") }
    default: check { try RegistryText.readConfiguration(second, image: first) }
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
