// SPDX-License-Identifier: Apache-2.0

/// The parts of a tree to compare: paths as components, in tree order, none inside another.
struct PathSelection {
    let paths: [[[UInt8]]]
    /// The paths left out because they lie in, or are, one of `paths`.
    let nested: [[[UInt8]]]

    /// Splits paths at their slashes; empty and `.` components are dropped, as by path_resolution(7).
    ///
    /// - Throws: `TreeDiffError` for a path with `..` or a NUL.
    init(_ paths: [[UInt8]]) throws {
        let split = try paths.map { path in
            let components = path.split(separator: UInt8(ascii: "/")).map(Array.init).filter { $0 != [0x2E] }
            guard !components.contains([0x2E, 0x2E]), !path.contains(0) else {
                throw TreeDiffError(side: nil, path: path, cause: TreeDiffError.PathError.malformed)
            }
            return components
        }
        var kept: [[[UInt8]]] = []
        var nested: [[[UInt8]]] = []
        for path in split.sorted(by: Self.precedes) {
            if let last = kept.last, path.starts(with: last) {
                nested.append(path)
            } else {
                kept.append(path)
            }
        }
        self.paths = kept
        self.nested = nested
    }

    private static func precedes(_ left: [[UInt8]], _ right: [[UInt8]]) -> Bool {
        left.lexicographicallyPrecedes(right) { $0.lexicographicallyPrecedes($1) }
    }
}
