// SPDX-License-Identifier: Apache-2.0

import FileTree
import Synchronization

/// Regular files of the upper that have no extended attributes: there is nothing to ask about them.
///
/// A bounded memory of what was made or looked at; a file that is not in it is asked for.
final class PlainFiles: Sendable {
    private static let limit = 1 << 17

    private struct State {
        var files: Set<UInt64> = []
        var areNewPlain: Bool?
    }

    private let state = Mutex(State())

    /// Takes note that a file has no attributes.
    func insert(_ file: FileIdentity) {
        state.withLock { state in
            if state.files.count >= Self.limit { state.files.removeAll(keepingCapacity: true) }
            state.files.insert(file.inode)
        }
    }

    /// Takes note of a new file that inherits nothing.
    ///
    /// - Parameter isPlain: whether it has no attributes; asked for the first one only, as a security module labels all
    ///   files or none.
    func insertNew(_ file: FileIdentity, isPlain: () -> Bool) {
        let known = state.withLock { $0.areNewPlain }
        let arePlain = known ?? isPlain()
        if known == nil { state.withLock { $0.areNewPlain = arePlain } }
        if arePlain { insert(file) } else { remove(file) }
    }

    /// Takes note that a file may have attributes from now on.
    func remove(_ file: FileIdentity) { state.withLock { _ = $0.files.remove(file.inode) } }

    /// Whether a regular file of the upper is known to have no attributes.
    func contains(_ file: FileIdentity) -> Bool { state.withLock { $0.files.contains(file.inode) } }
}
