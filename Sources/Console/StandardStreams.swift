// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// Lines for people.
package enum StandardError {
    /// How many columns it has if it is a terminal that can take a line away; nil if not.
    static var terminalColumns: Int? {
        guard isatty(STDERR_FILENO) == 1, let terminal = Environment.path("TERM"), terminal != "dumb" else {
            return nil
        }
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether the locale has more letters than ASCII.
    static let isUnicode: Bool = {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { Environment.path($0) }.first
        let name = locale?.string.lowercased() ?? ""
        return name.hasSuffix("utf-8") || name.hasSuffix("utf8") || name.contains("utf-8@") || name.contains("utf8@")
    }()

    /// Writes a line.
    package static func print(_ line: String) { write(line + "\n") }

    /// Writes text.
    package static func write(_ text: String) {
        // Nobody is left to be told if this fails.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}

/// Facts on standard output.
package enum StandardOutput {
    /// Whether it is a terminal that has only letters of ASCII.
    package static let isPlainTerminal = isatty(STDOUT_FILENO) == 1 && !StandardError.isUnicode

    /// What stands for a part of a cell that was cut off.
    package static var ellipsis: String { isPlainTerminal ? "~" : "…" }
    /// How many columns tables for people may take: what `COLUMNS` says, else those of the terminal; nil for any number.
    package static var columns: Int? {
        if let text = Environment.text("COLUMNS"), let columns = Int(text), columns > 0 { return columns }
        return terminalColumns
    }

    /// How many columns it has; nil where it is no terminal.
    package static var terminalColumns: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes text; a reader that has gone away is no trouble.
    package static func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes bytes; a reader that has gone away is no trouble.
    package static func write(_ bytes: [UInt8]) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch let error as Errno where error == .brokenPipe {
        } catch {
            throw CommandError("standard output: \(error)")
        }
    }
}
