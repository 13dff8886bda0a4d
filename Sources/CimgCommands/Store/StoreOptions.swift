// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FileTree
import Glibc
import LayerStore
import LinuxIO
import SystemPackage

/// Options of every command that uses the store.
struct StoreOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The store. Without it: $CIMG_ROOT, else /var/lib/cimg for root, $XDG_DATA_HOME/cimg or "
                + "~/.local/share/cimg for others.", valueName: "dir"), completion: .directory)
    var root: String?

    @Flag(name: .shortAndLong, help: "Tell what is done, on standard error.")
    var verbose = false

    /// Makes the options for the parser.
    init() {}

    /// Where the store is.
    var path: FilePath {
        if let root { return FilePath(RawArguments.bytes(of: root)) }
        if let root = Environment.path("CIMG_ROOT") { return root }
        if geteuid() == 0 { return "/var/lib/cimg" }
        if let data = Environment.path("XDG_DATA_HOME") { return data.appending("cimg") }
        return (Environment.path("HOME") ?? "/").appending(".local/share/cimg")
    }

    /// Opens the store.
    func openStore() throws -> Store {
        let path = path
        let absolute = path.isAbsolute ? path : try FilePath.currentDirectory().pushing(path)
        return try Store(absolute.lexicallyNormalized())
    }

    /// Tells something if the user wants to know it.
    func tell(_ text: @autoclosure () -> String) {
        if verbose { StandardError.print("cimg: \(text())") }
    }
}

/// Refuses flags that were given together although only one of them can be.
func refuse(together flags: [(name: String, isGiven: Bool)]) throws {
    let given = flags.filter(\.isGiven)
    guard given.count < 2 else { throw CommandError("\(given[0].name) and \(given[1].name) exclude each other") }
}

extension FilePath {
    /// A path of any bytes; what is behind a NUL is not part of it.
    init(_ bytes: [UInt8]) { self.init(platformString: bytes.map { CChar(bitPattern: $0) } + [0]) }

    /// The path that an argument stands for; text of other origin means itself.
    ///
    /// Stands before SystemPackage's own, so that no command forgets that arguments are bytes.
    init(_ text: String) { self.init(RawArguments.bytes(of: text)) }

    /// The path's bytes.
    var bytes: [UInt8] {
        withPlatformString { UnsafeBufferPointer(start: $0, count: length).map { UInt8(bitPattern: $0) } }
    }

    fileprivate static func currentDirectory() throws(Errno) -> FilePath {
        var bytes: UnsafeMutablePointer<CChar>?
        _ = try retrying {
            bytes = getcwd(nil, 0)
            return bytes == nil ? -1 : 0
        }
        guard let bytes else { throw .noMemory }
        defer { free(bytes) }
        return FilePath(platformString: bytes)
    }
}

/// Variables of the process's environment; an empty one counts as missing.
enum Environment {
    /// The path that a variable holds.
    static func path(_ name: String) -> FilePath? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return FilePath(platformString: value)
    }
}

/// Lines for people.
enum StandardError {
    /// How many columns it has if it is a terminal that can take a line away; nil if not.
    static var terminalColumns: Int? {
        guard isatty(STDERR_FILENO) == 1, let terminal = Environment.path("TERM"), terminal != "dumb" else {
            return nil
        }
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line.
    static func print(_ line: String) { write(line + "\n") }

    /// Writes text.
    static func write(_ text: String) {
        // Nobody is left to be told if this fails.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}

/// Facts on standard output.
enum StandardOutput {
    /// Writes text; a reader that has gone away is no trouble.
    static func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Writes bytes; a reader that has gone away is no trouble.
    static func write(_ bytes: [UInt8]) throws {
        do {
            try FileDescriptor.standardOutput.writeAll(bytes)
        } catch let error as Errno where error == .brokenPipe {
        } catch {
            throw CommandError("standard output: \(error)")
        }
    }
}

/// Columns of text under headings.
enum TextTable {
    /// Rows as lines, each column as wide as its widest cell.
    static func text(_ rows: [[String]]) -> String {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in
            rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
        }
        return rows.map { row in
            var line = ""
            for (cell, width) in zip(row, widths) {
                line += cell + String(repeating: " ", count: width - cell.count + 2)
            }
            while line.last == " " { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    /// A size for people: `490.1 MB`.
    static func size(_ bytes: some BinaryInteger) -> String {
        var value = UInt64(clamping: bytes) * 10
        var unit = 0
        let units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
        if value < 10_000 { return "\(value / 10) B" }
        while value >= 10_000, unit < units.count - 1 {
            value = (value + 500) / 1000
            unit += 1
        }
        return "\(value / 10).\(value % 10) \(units[unit])"
    }
}
