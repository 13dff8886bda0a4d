// SPDX-License-Identifier: Apache-2.0

import CommandTrees
import Console
import LayerStore
import OCI

/// An object that is searched, and where in it.
struct FindTarget: Equatable {
    let object: String
    var paths: [[UInt8]]

    /// The objects and paths at the beginning of a search's words: `OBJECT… /PATH…`, or `OBJECT:/PATH…`.
    ///
    /// - Parameter hasOthers: whether more objects are searched than are named: then all words may be paths.
    static func all(_ words: [String], hasOthers: Bool) throws -> [FindTarget] {
        guard let first = words.first else {
            guard hasOthers else {
                throw CommandError("no object is named; \"cimg find OBJECT\", or --all for all images")
            }
            return []
        }
        if hasOthers, isPath(first) { return [] }
        // The first word names an object, a directory too; what begins with a slash behind it is a path.
        let objects = [first] + words.dropFirst().prefix { !isPath($0) }
        let rest = words.dropFirst(objects.count)
        if let stray = rest.first(where: { !isPath($0) }) {
            throw CommandError("\"\(stray.printable)\": stands behind a path and is none: it has no / at its start")
        }
        let paths = Self.paths(in: rest)
        return try objects.map { word in
            guard let split = ObjectPath(word) else { return FindTarget(object: word, paths: paths) }
            guard rest.isEmpty else {
                throw CommandError(
                    "\"\(word.printable)\": has a path already; \"\(rest[rest.startIndex].printable)\" is another")
            }
            return FindTarget(object: split.object, paths: [split.path])
        }
    }

    /// The paths among words; the root where there are none.
    static func paths(in words: ArraySlice<String>) -> [[UInt8]] {
        let paths = words.filter(isPath).map { RawArguments.bytes(of: $0) }
        return paths.isEmpty ? [[UInt8(ascii: "/")]] : paths
    }

    private static func isPath(_ word: String) -> Bool { word.utf8.first == UInt8(ascii: "/") }
}
