// SPDX-License-Identifier: Apache-2.0

/// The bytes of arguments that the parser gave as text.
///
/// A path need not be UTF-8, and text that was repaired names another file: the bytes are those of the process's own
/// argument that reads as that text.
enum RawArguments {
    /// The bytes of arguments, in the order in which they stand on the command line.
    static func bytes(of texts: [String]) -> [[UInt8]] {
        var candidates = all.filter { String(validating: $0, as: UTF8.self) == nil }
        return texts.map { text in
            guard let index = candidates.firstIndex(where: { String(decoding: $0, as: UTF8.self) == text }) else {
                return Array(text.utf8)
            }
            return candidates.remove(at: index)
        }
    }

    /// The bytes of one argument.
    static func bytes(of text: String) -> [UInt8] { bytes(of: [text]).first ?? Array(text.utf8) }

    private static var all: [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            guard let argument = CommandLine.unsafeArgv[index] else { return nil }
            return Array(String.UTF8View.bytes(of: argument))
        }
    }
}

extension String.UTF8View {
    fileprivate static func bytes(of text: UnsafePointer<CChar>) -> [UInt8] {
        var bytes: [UInt8] = []
        var next = text
        while next.pointee != 0 {
            bytes.append(UInt8(bitPattern: next.pointee))
            next += 1
        }
        return bytes
    }
}
