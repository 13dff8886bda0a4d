// SPDX-License-Identifier: Apache-2.0

import FileTree
package import SystemPackage

/// Why a part of a directory on disk cannot be told.
package struct DirectoryTreeError: Error, Equatable, CustomStringConvertible {
    /// What is wrong.
    package enum Cause: Error, Equatable, CustomStringConvertible {
        /// A system call failed.
        case system(Errno)
        /// The file's mode names no type that Linux knows.
        case unknownType
        /// Only a regular file has bytes to read.
        case notRegular
        /// Extended attributes cannot be read: `/proc` is not mounted.
        case noProc
        /// The tree has more names than can be numbered: 4,294,967,295.
        case tooManyFiles
        /// The number is none that this tree gave out.
        case unknownNode

        package var description: String {
            switch self {
            case .system(let error): error.description
            case .unknownType: "a file of unknown type"
            case .notRegular: "not a regular file"
            case .noProc: "extended attributes are read through /proc, which is not mounted"
            case .tooManyFiles: "too many files"
            case .unknownNode: "not a file of this tree"
            }
        }
    }

    /// The directory that is the tree, as the user named it.
    package let directory: [UInt8]
    /// The path in it: empty for the directory itself, else components, each after a `/`.
    package let path: [UInt8]
    /// What is wrong.
    package let cause: Cause

    package var description: String {
        let root = directory.last == UInt8(ascii: "/") && !path.isEmpty ? Array(directory.dropLast()) : directory
        return "directory \"\(Bytes.escaped(root + path))\": \(cause)"
    }
}
