// SPDX-License-Identifier: Apache-2.0

package import Browsing
import FileTree

/// Small files of a tree that say what it is, beside the records of packages.
package struct RecordedFiles: Sendable {
    /// Their bytes by the paths that were asked for; of directories, those of the files in them by their own paths.
    package private(set) var bytes: [String: [UInt8]] = [:]
    /// What could not be read.
    package private(set) var problems: [InventoryProblem] = []

    /// Bytes of one file.
    private static let byteLimit: UInt64 = 1 << 20
    /// Files of one directory.
    private static let countLimit = 1000

    /// None.
    package init() {}

    /// Whether nothing was found, and nothing went wrong.
    package var isEmpty: Bool { bytes.isEmpty && problems.isEmpty }

    /// Those that were read before.
    init(_ bytes: [String: [UInt8]]) { self.bytes = bytes }

    /// Reads those that are there.
    package init(of tree: BrowsedTree, at paths: [String]) {
        for path in paths {
            do throws(BrowsingError) {
                guard let file = try tree.find(path) else { continue }
                let files =
                    file.type == .directory ? Array(try tree.children(of: file).prefix(Self.countLimit)) : [file]
                for found in files where found.type == .regular {
                    let name = file.type == .directory ? String(decoding: found.path, as: UTF8.self) : path
                    bytes[name] = try tree.bytes(of: found, limit: Self.byteLimit)
                }
            } catch {
                problems.append(InventoryProblem(path: Array(path.utf8), cause: "\(error)"))
            }
        }
    }
}
