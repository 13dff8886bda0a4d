// SPDX-License-Identifier: Apache-2.0

import Glibc
import SystemPackage

/// Reading what must not be on the command line.
package enum SecretInput {
    private static let limit = 64 << 10

    /// A password: all of standard input but for the line's end, or a line of the terminal that is not shown.
    package static func password(isPiped: Bool) throws -> String {
        if isPiped { return try all() }
        guard isatty(STDIN_FILENO) == 1 else {
            throw CommandError("no password: use --password-stdin, or a terminal")
        }
        return try line("Password: ", isSecret: true)
    }

    /// All of standard input, byte for byte.
    package static func allBytes() throws -> [UInt8] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while text.count <= limit {
            let count = try buffer.withUnsafeMutableBytes { try FileDescriptor.standardInput.read(into: $0) }
            if count == 0 { break }
            text += buffer[..<count]
        }
        guard text.count <= limit else { throw CommandError("the password is longer than \(limit) bytes") }
        return text
    }

    private static func all() throws -> String {
        var text = try allBytes()
        while let last = text.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: "\r") { text.removeLast() }
        return String(decoding: text, as: UTF8.self)
    }

    /// A line of the terminal.
    ///
    /// - Parameters:
    ///   - prompt: what is written to standard error before.
    ///   - isSecret: whether what is typed is not shown.
    ///   - mayBeEmpty: whether nothing but the line's end is an answer.
    package static func line(_ prompt: String, isSecret: Bool, mayBeEmpty: Bool = false) throws -> String {
        guard isatty(STDIN_FILENO) == 1 else { throw CommandError("no user: give -u, or --creds") }
        StandardError.write(prompt)
        var before = termios()
        let isChanged = isSecret && tcgetattr(STDIN_FILENO, &before) == 0
        if isChanged {
            var silent = before
            // Ctrl-C ends the line instead of the process, which would leave the terminal silent.
            silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
            withUnsafeMutableBytes(of: &silent.c_cc) { $0[Int(VEOL)] = interrupt }
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        }
        let line = typedLine(endsAtInterrupt: isChanged)
        if isChanged {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
            StandardError.write("\n")
            if line == nil { kill(getpid(), SIGINT) }
        }
        guard let line, mayBeEmpty || !line.isEmpty else { throw CommandError("nothing was given") }
        return line
    }

    private static let interrupt: UInt8 = 3

    /// What is typed up to the end of the line; nil if Ctrl-C is.
    private static func typedLine(endsAtInterrupt: Bool) -> String? {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while text.count <= limit, read(STDIN_FILENO, &byte, 1) == 1, byte != UInt8(ascii: "\n") {
            if endsAtInterrupt, byte == interrupt { return nil }
            text.append(byte)
        }
        return String(decoding: text, as: UTF8.self)
    }
}
