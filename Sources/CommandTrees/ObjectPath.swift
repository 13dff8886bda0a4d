// SPDX-License-Identifier: Apache-2.0

import Console
import OCI

/// An object and a path in it, written as one text: `web:/etc/passwd`, `oci:layout:tag:/bin`.
package struct ObjectPath: Equatable {
    /// What names the object.
    package let object: String
    /// The path, with the `/` that it begins with.
    package let path: [UInt8]

    /// Words before a colon that are no object's name: what follows them is the place of one.
    private static let prefixes: Set<String> = [
        "oci", "oci-archive", "docker-archive", "dir", "rootfs", "registry-dir", "upper", "containers-storage",
        "docker-daemon", "containerd-image",
    ]

    /// Splits a text at the first `:/` that can stand between an object and a path; nil where there is none.
    package init?(_ text: String) {
        let bytes = RawArguments.bytes(of: text)
        for position in bytes.indices.dropLast() where bytes[position] == UInt8(ascii: ":") {
            guard bytes[position + 1] == UInt8(ascii: "/"), position > 0 else { continue }
            // docker://NAME is an object.
            if position + 2 < bytes.count, bytes[position + 2] == UInt8(ascii: "/") { continue }
            let object = ArgumentText.text(of: Array(bytes[..<position]))
            if Self.prefixes.contains(object) { continue }
            self.object = object
            path = Array(bytes[(position + 1)...])
            return
        }
        return nil
    }

    /// The objects and paths that the words of a command line mean: `OBJECT PATH…`, or `OBJECT:/PATH` once or several
    /// times.
    ///
    /// - Parameters:
    ///   - words: the words in their order, each a text that stands for its bytes.
    ///   - fallback: the path that an object alone means; nil where a path must be given.
    package static func all(
        _ words: [String], fallback: [UInt8]?
    ) throws -> [(object: String, paths: [[UInt8]])] {
        guard let first = words.first else { throw CommandError("no object is named") }
        guard ObjectPath(first) != nil else {
            let paths = RawArguments.bytes(of: Array(words.dropFirst()))
            guard !paths.isEmpty || fallback != nil else {
                throw CommandError("\"\(first.printable)\": no path in it is named")
            }
            return [(first, paths.isEmpty ? fallback.map { [$0] } ?? [] : paths)]
        }
        var found: [(object: String, paths: [[UInt8]])] = []
        for word in words {
            guard let split = ObjectPath(word) else {
                throw CommandError("\"\(word.printable)\": not of the form OBJECT:/PATH, as the one before it is")
            }
            if found.last?.object == split.object {
                found[found.count - 1].paths.append(split.path)
            } else {
                found.append((split.object, [split.path]))
            }
        }
        return found
    }
}
