// SPDX-License-Identifier: Apache-2.0

package import FileTree
import Synchronization

/// Regular files of the upper that have no extended attributes: there is nothing to ask about them.
///
/// A bounded memory of what was made or looked at; a file that is not in it is asked for.
package final class PlainFiles: Sendable {
    private static let limit = 1 << 17

    private struct State {
        var files: Set<UInt64> = []
        var areNewPlain: Bool?
        var changeCount: UInt64 = 0
    }

    private let state = Mutex(State())

    /// How often a file got attributes.
    ///
    /// Who looks for a file's takes it before: what is found may be old a moment later.
    package var changeCount: UInt64 { state.withLock { $0.changeCount } }

    /// Takes note that a file has no attributes, unless one got some since the count was taken.
    package func insert(_ file: FileIdentity, since count: UInt64) {
        state.withLock { state in
            guard state.changeCount == count else { return }
            if state.files.count >= Self.limit { state.files.removeAll(keepingCapacity: true) }
            state.files.insert(file.inode)
        }
    }

    /// Takes note of a new file that inherits nothing.
    ///
    /// - Parameter isPlain: whether it has no attributes; asked for the first one only, as a security module labels all
    ///   files or none.
    package func insertNew(_ file: FileIdentity, since count: UInt64, isPlain: () -> Bool) {
        let known = state.withLock { $0.areNewPlain }
        let arePlain = known ?? isPlain()
        if known == nil { state.withLock { $0.areNewPlain = arePlain } }
        if arePlain { insert(file, since: count) } else { remove(file) }
    }

    /// Takes note that a file has got attributes; called when it has them.
    package func remove(_ file: FileIdentity) {
        state.withLock { state in
            state.files.remove(file.inode)
            state.changeCount &+= 1
        }
    }

    /// Whether a regular file of the upper is known to have no attributes.
    package func contains(_ file: FileIdentity) -> Bool { state.withLock { $0.files.contains(file.inode) } }
}
