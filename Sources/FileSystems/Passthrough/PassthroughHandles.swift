// SPDX-License-Identifier: Apache-2.0

import LinuxIO
import Synchronization
import SystemPackage

/// An open file or directory of a passthrough.
final class PassthroughHandle: Sendable {
    /// The open file.
    let file: OpenFile
    /// Whether its size says nothing.
    let isMadeUp: Bool
    /// Held while the descriptor's position is used.
    let position = Mutex<Void>(())

    init(_ file: OpenFile, isMadeUp: Bool) {
        self.file = file
        self.isMadeUp = isMadeUp
    }
}

/// The open files of a passthrough, by handle.
final class PassthroughHandles: Sendable {
    private struct State {
        var handles: [FileHandle: PassthroughHandle] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Takes an open file in.
    func add(_ handle: PassthroughHandle) -> FileHandle {
        state.withLock { state in
            state.last &+= 1
            let number = FileHandle(state.last)
            state.handles[number] = handle
            return number
        }
    }

    /// The open file of a handle.
    ///
    /// - Throws: `.badFileDescriptor`.
    subscript(_ handle: FileHandle) -> PassthroughHandle {
        get throws(Errno) {
            guard let found = state.withLock({ $0.handles[handle] }) else { throw .badFileDescriptor }
            return found
        }
    }

    /// Ends a handle.
    ///
    /// - Returns: whether there was one.
    func remove(_ handle: FileHandle) -> Bool { state.withLock { $0.handles.removeValue(forKey: handle) } != nil }
}
