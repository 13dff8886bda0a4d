// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import Glibc
import LinuxIO
import OCI
import SystemPackage
import Transports

/// Mutated bytes as arguments: as the text that stands for them, and as the names of things that users write.
///
/// Beyond not crashing: text stands for the bytes it was made of and for no others, what a name is cut into is what it
/// was made of, and whatever is refused is refused with a message that a terminal can show.
@main
enum FuzzArguments {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    // An argument ends at a NUL: two of them, so that they can be compared.
    let words = Array(UnsafeBufferPointer(start: start, count: count))
        .split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0.prefix { $0 != 0 }) }
    var texts: [[UInt32]] = []
    for word in words {
        let text = ArgumentText.text(of: word)
        precondition(ArgumentText.bytes(of: text) == word, "text that stands for other bytes")
        precondition(ArgumentText.isPlain(text) == (String(validating: word, as: UTF8.self) == text), "plain or not")
        texts.append(text.unicodeScalars.map(\.value))
        readNames(text, word)
    }
    for (text, word) in zip(texts, words) {
        precondition((text == texts[0]) == (word == words[0]), "two arguments are one text")
    }
    return 0
}

private func readNames(_ text: String, _ bytes: [UInt8]) {
    check { _ = try Reference(parsing: text).withDefaultTag.description }
    check { _ = try Platform(parsing: text) }
    check { _ = try Digest(parsing: text) }
    for isThere in [{ _ in false }, { _ in true }, { $0.length % 3 == 0 }] as [(FilePath) -> Bool] {
        check { try inspect(ImageLocation(parsing: text, exists: isThere), bytes) }
        check { try inspect(ImageLocation(destination: text, exists: isThere), bytes) }
    }
    let printed = text.printable
    precondition(printed.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in what is printed")
}

/// A location's path and name are parts of the argument, with at most a separator between them.
private func inspect(_ location: ImageLocation?, _ bytes: [UInt8]) throws {
    guard let location else { return }
    let prefix = Array(location.transport.rawValue.utf8) + [UInt8(ascii: ":")]
    let path = location.path.withPlatformString { start in
        Array(UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
    precondition(bytes.starts(with: prefix), "another transport")
    // A path is brought into its usual form: slashes that mean nothing go.
    let written = bytes.dropFirst(prefix.count).filter { $0 != UInt8(ascii: "/") }
    let found = path.filter { $0 != UInt8(ascii: "/") }
    precondition(written.starts(with: found), "a path that was not written")
    if case .name(let name) = location.selection {
        // A name that goes into an archive of Docker's gets the tag that it has not.
        let endings = [name, name.hasSuffix(":latest") ? String(name.dropLast(7)) : name]
        precondition(
            endings.contains { bytes.reversed().starts(with: ArgumentText.bytes(of: $0).reversed()) },
            "a name that was not written")
    }
    precondition(location.description.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in a location")
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
