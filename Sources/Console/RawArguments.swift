// SPDX-License-Identifier: Apache-2.0

import Glibc
import OCI

/// The process's arguments, which are bytes.
///
/// They are taken from the process once, before anything parses them, as text that stands for their bytes
/// (`ArgumentText`). Where such text becomes a path it is turned back.
package enum RawArguments {
    /// The process's arguments, the program's own name first.
    package static func all() -> [String] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { argument in
                ArgumentText.text(
                    of: Array(UnsafeBufferPointer(start: argument, count: strlen(argument))).map {
                        UInt8(bitPattern: $0)
                    })
            }
        }
    }

    /// The bytes that arguments stand for.
    package static func bytes(of texts: [String]) -> [[UInt8]] { texts.map { ArgumentText.bytes(of: $0) } }

    /// The bytes that an argument stands for.
    package static func bytes(of text: String) -> [UInt8] { ArgumentText.bytes(of: text) }

    /// An argument that is text and nothing else: a user, a password, a template.
    ///
    /// - Parameters:
    ///   - text: the argument.
    ///   - name: the option or argument, for the error.
    package static func text(_ text: String, _ name: String) throws -> String {
        guard ArgumentText.isPlain(text) else { throw CommandError("\(name): is not UTF-8") }
        return text
    }
}
