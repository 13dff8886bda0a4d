// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import OverlayLayers
import Transports
import TreeDiff

/// Why `cimg diff` could not do what it was asked.
package enum DiffError: Error, Equatable, CustomStringConvertible {
    /// No image, source or directory goes by the name.
    case unknownObject(String)
    /// A name given to `--ignore` or `--only` is no field.
    case unknownField(String)
    /// `--ignore` and `--only` together leave nothing to compare.
    case noFields
    /// Two ways of output were asked for at once.
    case conflictingOutputs(String, String)

    package var description: String {
        switch self {
        case .unknownObject(let name):
            "\(Self.quoted(name)): not an object to compare; a directory is written with a leading / or ./"
        case .unknownField(let name):
            "\(Self.quoted(name)): no such field; there are \(ChangedFields.allNames.joined(separator: ", "))"
        case .noFields: "--ignore and --only leave no field to compare"
        case .conflictingOutputs(let first, let second): "\(first) and \(second) exclude each other"
        }
    }

    private static func quoted(_ name: String) -> String { "\"\(Bytes.escaped(RawArguments.bytes(of: name)))\"" }

    /// The text of any error of a comparison, with the name of the side that failed.
    package static func text(_ error: any Error, left: String, right: String) -> String {
        if let failure = error as? BrowsingError { return contentsText(failure) }
        guard let failure = error as? TreeDiffError, let side = failure.side else { return "\(error)" }
        // The tree's own error has the whole path.
        if let error = failure.cause as? DirectoryTreeError { return "\(error)" }
        if let error = failure.cause as? OverlayTreeError { return "\(error)" }
        let name = side == .left ? left : right
        return "\(Bytes.escaped(RawArguments.bytes(of: name))): \"\(Bytes.escaped(failure.path))\": \(failure.cause)"
    }
}
