// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Why something could not be had of a tree.
package struct BrowsingError: Error, CustomStringConvertible {
    /// What is wrong.
    package enum Cause: Sendable {
        /// Nothing has this path.
        case missing
        /// A component on the way, or what should be listed, is no directory.
        case notDirectory
        /// A directory cannot be read as a file.
        case isDirectory
        /// A device, fifo or socket has no bytes in a tree.
        case isSpecial(FileType)
        /// Links lead on, or in circles.
        case tooManyLinks
        /// The path, with what links put into it, has too many components.
        case tooManySteps
        /// The path holds a NUL.
        case malformed
        /// The file has more bytes than the reader takes.
        case tooLarge(limit: UInt64)
        /// A pattern looks at too many names.
        case tooManyNames
        /// The tree says that it has fewer directories than were met: they lead in circles.
        case goesInCircles
        /// No file fits the pattern.
        case noMatch
        /// What the tree's source says.
        case failed(any Error)
    }

    /// What the user calls the tree.
    package let tree: [UInt8]
    /// The path at which it failed.
    package let path: [UInt8]
    /// What is wrong.
    package let cause: Cause

    /// Whether nothing is there, and nothing else is wrong.
    package var isMissing: Bool {
        switch cause {
        case .missing, .notDirectory, .noMatch: true
        default: false
        }
    }

    package var description: String {
        "\(Bytes.escaped(tree)): \"\(Bytes.escaped(path))\": \(reason)"
    }

    private var reason: String {
        switch cause {
        case .missing: "no such file or directory"
        case .notDirectory: "not a directory"
        case .isDirectory: "is a directory"
        case .isSpecial(let type): "has no bytes to read: it is a \(Self.noun(type))"
        case .tooManyLinks: "more than \(BrowsedTree.linkLimit) links follow one another"
        case .tooManySteps: "more than \(BrowsedTree.stepLimit) components, with those of links"
        case .malformed: "a path with a NUL names nothing"
        case .tooLarge(let limit): "more than the \(limit) bytes that are read of such a file"
        case .tooManyNames: "the pattern looks at more than \(BrowsedTree.patternLimit) names"
        case .goesInCircles: "the tree's directories lead in circles"
        case .noMatch: "no file fits the pattern"
        case .failed(let error): "\(error)"
        }
    }

    private static func noun(_ type: FileType) -> String {
        switch type {
        case .regular: "file"
        case .directory: "directory"
        case .characterDevice: "character device"
        case .blockDevice: "block device"
        case .fifo: "fifo"
        case .socket: "socket"
        case .symbolicLink: "symbolic link"
        }
    }
}
