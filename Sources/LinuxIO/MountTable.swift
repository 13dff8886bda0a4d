// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A mount as `/proc/self/mountinfo` shows it; see proc_pid_mountinfo(5).
package struct MountEntry: Hashable, Sendable {
    /// The mount's number, unique while it exists.
    package var identifier: Int32
    /// The number of the mount that it is mounted on.
    package var parent: Int32
    /// `major:minor` of the device number that the mount's files have.
    package var device: String
    /// The mounted directory inside its file system.
    package var root: [UInt8]
    /// Where it is mounted, seen from this process's root directory.
    package var path: [UInt8]
    /// Options of this mount, such as `ro` and `nosuid`.
    package var options: [String]
    /// File system type, with the subtype behind a point.
    package var type: String
    /// What is mounted, as the file system names it.
    package var source: [UInt8]
    /// Options of the file system.
    package var superOptions: [String]
    /// The same without the kernel's escapes, for values that hold commas or are no text.
    package var superOptionBytes: [[UInt8]]

    /// The value of an option of the file system of the form `name=value`; nil where it has none.
    package func superOption(_ name: String) -> String? {
        superOptions.first { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
    }
}

/// The mounts that this process sees.
package enum MountTable {
    /// All mounts, in the order of mounting: of several at one path the last is the visible one.
    package static func read() throws(Errno) -> [MountEntry] {
        parse(try Descriptor.open("/proc/self/mountinfo").readToEnd())
    }

    /// The visible mount at exactly this path; nil where none is.
    package static func mount(at path: [UInt8]) throws(Errno) -> MountEntry? {
        try read().last { $0.path == path }
    }

    /// Parses the text of a mountinfo file.
    ///
    /// Lines of another form are left out.
    package static func parse(_ text: [UInt8]) -> [MountEntry] {
        text.split(separator: UInt8(ascii: "\n")).compactMap(parse(line:))
    }

    private static func parse(line: ArraySlice<UInt8>) -> MountEntry? {
        let fields = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        // Between the options and the "-" stand any number of optional fields.
        guard fields.count >= 10, let mark = fields[6...].firstIndex(where: { $0.elementsEqual("-".utf8) }),
            fields.count > mark + 3, let identifier = Int32(string(fields[0])), let parent = Int32(string(fields[1]))
        else { return nil }
        return MountEntry(
            identifier: identifier, parent: parent,
            device: string(fields[2]), root: unescaped(fields[3]), path: unescaped(fields[4]),
            options: list(fields[5]), type: string(unescaped(fields[mark + 1])[...]),
            source: unescaped(fields[mark + 2]), superOptions: list(fields[mark + 3]),
            superOptionBytes: fields[mark + 3].split(separator: UInt8(ascii: ",")).map(unescaped))
    }

    private static func string(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func list(_ bytes: ArraySlice<UInt8>) -> [String] {
        bytes.split(separator: UInt8(ascii: ",")).map(string)
    }

    /// Undoes the kernel's `\ooo` for blanks, line ends and backslashes.
    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3, digits.allSatisfy({ (0x30...0x37).contains($0) }) {
                result.append(digits.reduce(0) { $0 << 3 | ($1 & 7) })
                rest = rest.dropFirst(3)
            } else {
                result.append(byte)
            }
        }
        return result
    }
}

extension Descriptor {
    /// Reads from the file position to the end, at most 64 MiB: for files of `/proc` and pipes, which have no size.
    package func readToEnd() throws(Errno) -> [UInt8] {
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while text.count < 64 << 20 {
            var count = 0
            do {
                count = try buffer.withUnsafeMutableBytes { try read(into: $0) }
            } catch let error as Errno { throw error } catch { throw .ioError }
            if count == 0 { break }
            text += buffer[..<count]
        }
        return text
    }
}
