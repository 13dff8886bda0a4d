// SPDX-License-Identifier: Apache-2.0

import FileSystems
import OverlayLayers
import Synchronization
import SystemPackage

/// What a handle of a mounted overlay stands for.
enum OverlayHandle: Sendable {
    /// An open regular file.
    case file(FileUse)
    /// An open directory.
    case directory(DirectoryListing)
}

/// Whether a handle's reads and writes use the kernel's cache.
enum HandleCaching {
    case cached
    /// They do not: somebody writes past it.
    case direct
    /// They do not, and it is this handle that writes past it.
    case directWriter
}

/// An open regular file, which may have been opened before it was copied to the upper.
final class FileUse: Sendable {
    private struct State {
        var file: LayerFile
        var isLower: Bool
    }

    private let state: Mutex<State>
    /// The copy that it is open on, if that had no name yet.
    let pending: DeferredCopy?
    let caching: HandleCaching
    /// Whether reading it was to change its time of access when it was opened.
    let isAccessDue: Bool

    init(_ file: LayerFile, isLower: Bool, _ caching: HandleCaching, isAccessDue: Bool = false) {
        state = Mutex(State(file: file, isLower: isLower))
        pending = nil
        self.caching = caching
        self.isAccessDue = isAccessDue
    }

    /// Opens a copy that is being made.
    init(_ pending: DeferredCopy, _ caching: HandleCaching) {
        state = Mutex(State(file: .disk(pending.target), isLower: false))
        self.pending = pending
        self.caching = caching
        isAccessDue = false
    }

    /// Whether it is a file of a lower layer.
    var isLower: Bool { state.withLock { $0.isLower } }

    /// The file to read from.
    var current: LayerFile { state.withLock { $0.file } }

    /// Goes on with the copy of the file.
    func replace(by copy: LayerFile) { state.withLock { $0 = State(file: copy, isLower: false) } }
}

/// What an open directory lists: fixed from the first read on, until it is rewound.
///
/// So names that come and go while it is read neither repeat nor hide others.
final class DirectoryListing: Sendable {
    private let names = Mutex<[OverlayName]?>(nil)

    /// The names, listed by `list` where a reader begins.
    func names(
        fromStart isStart: Bool, _ list: () throws(Errno) -> [OverlayName]
    ) throws(Errno) -> [OverlayName] {
        if !isStart, let known = names.withLock({ $0 }) { return known }
        let listed = try list()
        names.withLock { $0 = listed }
        return listed
    }
}

/// The open files of a mounted overlay.
final class OverlayHandles: Sendable {
    private struct State {
        var handles: [UInt64: OverlayHandle] = [:]
        var next: UInt64 = 1
    }

    private let state = Mutex(State())

    /// Keeps an open file and numbers it.
    func add(_ handle: OverlayHandle) -> FileHandle {
        state.withLock { state in
            while state.handles[state.next] != nil || state.next == 0 { state.next &+= 1 }
            let number = state.next
            state.handles[number] = handle
            state.next &+= 1
            return FileHandle(number)
        }
    }

    /// Lets go of an open file or directory; how a file was cached.
    func remove(_ handle: FileHandle) -> HandleCaching? {
        // The descriptor is closed outside of the lock.
        let removed = state.withLock { $0.handles.removeValue(forKey: handle.rawValue) }
        if case .file(let use) = removed { return use.caching }
        return nil
    }

    /// An open regular file.
    func file(_ handle: FileHandle) throws(Errno) -> FileUse {
        guard let file = use(handle) else { throw .badFileDescriptor }
        return file
    }

    /// An open regular file; nil for a number of none.
    func use(_ handle: FileHandle) -> FileUse? {
        guard case .file(let file)? = state.withLock({ $0.handles[handle.rawValue] }) else { return nil }
        return file
    }

    /// An open directory; nil for a number of none.
    func directory(_ handle: FileHandle) -> DirectoryListing? {
        guard case .directory(let listing)? = state.withLock({ $0.handles[handle.rawValue] }) else { return nil }
        return listing
    }

    /// How many files are open.
    var count: Int { state.withLock { $0.handles.count } }
}
