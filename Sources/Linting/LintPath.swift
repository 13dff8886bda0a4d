// SPDX-License-Identifier: Apache-2.0

import FileTree

/// A name of an entry, taken apart, with what is odd about it.
struct LintPath {
    /// The components, without `.`, `..` and empty ones.
    private(set) var components: [[UInt8]] = []
    /// What is odd about its spelling.
    private(set) var oddities: [LintRule] = []

    init(_ bytes: [UInt8]) {
        if bytes.first == UInt8(ascii: "/") { oddities.append(.pathAbsolute) }
        let parts = bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var isClean = true
        var isOutside = false
        for (index, part) in parts.enumerated() {
            let isEdge = index == 0 || index == parts.count - 1
            if part.isEmpty {
                // A slash at the start or the end is told otherwise, or is a directory's.
                if !isEdge { isClean = false }
            } else if part.elementsEqual([0x2E]) {
                if index > 0 { isClean = false }
            } else if part.elementsEqual([0x2E, 0x2E]) {
                isClean = false
                if components.popLast() == nil { isOutside = true }
            } else {
                components.append(Array(part))
            }
        }
        if !isClean { oddities.append(.pathNotClean) }
        if isOutside { oddities = [.pathOutside] }
        for component in components {
            if component.count > 255, !component.starts(with: Whiteout.prefix) { add(.nameTooLong) }
            if component.contains(where: { $0 < 0x20 || $0 == 0x7F }) { add(.nameControlCharacters) }
            if component.contains(where: { $0 >= 0x80 }), String(validating: component, as: UTF8.self) == nil {
                add(.nameNotUTF8)
            }
        }
    }

    private mutating func add(_ rule: LintRule) {
        if !oddities.contains(rule) { oddities.append(rule) }
    }

    /// Whether the name is of no use any more.
    var isOutside: Bool { oddities == [.pathOutside] }

    /// The path with a slash at its start.
    static func text(_ components: some Collection<[UInt8]>) -> [UInt8] { Bytes.path(of: components) }
}
