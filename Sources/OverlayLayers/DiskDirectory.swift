// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import Glibc
package import LinuxIO
package import Synchronization
package import SystemPackage

/// A directory of a layer on disk: a name in another one, up to the layer's own directory.
///
/// It holds no descriptor of its own for long; `DirectoryCache` opens it when it is needed.
package final class DiskDirectory: @unchecked Sendable {
    // SAFETY: `parent`, `name` and the two fields of the cache are used by `DirectoryCache` alone, under its mutex.
    /// Which file it was when it was found.
    package let identity: FileIdentity
    fileprivate var parent: DiskDirectory?
    fileprivate var name: [UInt8]
    fileprivate var descriptor: Descriptor?
    fileprivate var isRecent = false
    /// What is known of the directory itself where nobody else changes it.
    package let facts = Mutex(DirectoryFacts())

    /// A layer's own directory, which stays open.
    package init(root: Descriptor) throws(Errno) {
        let status = try root.status()
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notDirectory }
        identity = FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        name = []
        descriptor = root
    }

    /// A directory found in another one.
    package init(_ name: [UInt8], in parent: DiskDirectory, _ identity: FileIdentity) {
        self.name = name
        self.parent = parent
        self.identity = identity
    }

    deinit {
        // One after the other: a chain of ten thousand parents must not unwind on the stack.
        var next = parent.take()
        while next != nil, isKnownUniquelyReferenced(&next) { next = next?.parent.take() }
    }
}

/// What is worth remembering of a directory on disk.
package struct DirectoryFacts {
    /// Whether names in it may be whiteouts (`DotNames`).
    package var hasDotNames: Bool?
    /// What is made in it inherits this.
    package var inheritance: Inheritance?
    /// How often that may have changed.
    package var changeCount: UInt64 = 0

    /// What a directory gives to what is made in it.
    package struct Inheritance {
        /// The group, where the directory has the set-group-ID bit.
        package var group: gid_t?
        /// The default access control list.
        package var list: [UInt8]?

        /// What new files get of a directory.
        package init(group: gid_t? = nil, list: [UInt8]? = nil) {
            self.group = group
            self.list = list
        }
    }
}

/// The open directories of all layers: those used last, at most a given number.
package final class DirectoryCache: Sendable {
    fileprivate struct State {
        /// Who holds a descriptor, besides the layers' own directories.
        var open: [DiskDirectory] = []
        var hand = 0
        /// The directories that `shared` gave and somebody still has.
        var shared: [FileIdentity: Weak] = [:]
        var sharedLimit = 1024
    }

    fileprivate struct Weak {
        weak var directory: DiskDirectory?
    }

    /// Bytes of a path that one call takes, well below `PATH_MAX`, and the levels after which a descriptor is kept on
    /// the way down: who comes back up finds one near.
    private static let pathLimit = 3500
    private static let stepDepth = 128

    private let capacity: Int
    private let state = Mutex(State())

    /// Makes a cache of at most `capacity` open directories.
    package init(capacity: Int) { self.capacity = max(16, capacity) }

    /// A descriptor of a directory, good for `*at` calls, `/proc/self/fd` and nothing else (`O_PATH`).
    ///
    /// - Throws: the `Errno` of opening; `.staleNFSFileHandle` where another directory has its name now.
    package func descriptor(of directory: DiskDirectory) throws(Errno) -> Descriptor {
        let (found, missing) = state.withLock { _ in Self.nearest(directory) }
        guard !missing.isEmpty else {
            guard let found else { throw .badFileDescriptor }
            return found
        }
        guard var current = found else { throw .badFileDescriptor }
        var path: [UInt8] = []
        var depth = 0
        for (position, step) in missing.enumerated() {
            if !path.isEmpty { path.append(UInt8(ascii: "/")) }
            path += step.name
            depth += 1
            let isLast = position == missing.count - 1
            guard isLast || depth == Self.stepDepth || path.count > Self.pathLimit - 256 else { continue }
            current = try open(path, below: current, as: step.directory)
            path.removeAll(keepingCapacity: true)
            depth = 0
        }
        return current
    }

    private func open(
        _ path: [UInt8], below start: Descriptor, as directory: DiskDirectory
    ) throws(Errno) -> Descriptor {
        let descriptor: Descriptor
        do throws(Errno) {
            descriptor = try start.openPathBeneath(path, O_DIRECTORY)
        } catch .notDirectory { throw .staleNFSFileHandle } catch .tooManySymbolicLinkLevels {
            throw .staleNFSFileHandle
        }
        let status = try descriptor.status()
        guard FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino)) == directory.identity else {
            throw .staleNFSFileHandle
        }
        state.withLock { $0.keep(descriptor, of: directory, capacity) }
        return descriptor
    }

    /// The nearest open directory at or above one, and what is to be opened from there, downwards.
    private static func nearest(
        _ directory: DiskDirectory
    ) -> (Descriptor?, [(directory: DiskDirectory, name: [UInt8])]) {
        var missing: [(directory: DiskDirectory, name: [UInt8])] = []
        var next: DiskDirectory? = directory
        while let current = next {
            if let descriptor = current.descriptor {
                current.isRecent = true
                return (descriptor, missing.reversed())
            }
            missing.append((current, current.name))
            next = current.parent
        }
        return (nil, missing)
    }
}

extension DirectoryCache.State {
    /// Remembers a descriptor; the first directory on the round that was not used since the last round loses its own.
    fileprivate mutating func keep(_ descriptor: Descriptor, of directory: DiskDirectory, _ capacity: Int) {
        guard directory.descriptor == nil else { return }
        directory.descriptor = descriptor
        directory.isRecent = true
        guard open.count >= capacity else {
            open.append(directory)
            return
        }
        while open[hand].isRecent {
            open[hand].isRecent = false
            hand = (hand + 1) % open.count
        }
        open[hand].descriptor = nil
        open[hand] = directory
        hand = (hand + 1) % open.count
    }
}

extension DirectoryCache {
    /// The one object for a directory that may be moved; made where there is none.
    package func shared(_ name: [UInt8], in parent: DiskDirectory, _ identity: FileIdentity) -> DiskDirectory {
        state.withLock { state in
            if let known = state.shared[identity]?.directory { return known }
            if state.shared.count >= state.sharedLimit {
                state.shared = state.shared.filter { $0.value.directory != nil }
                state.sharedLimit = max(1024, state.shared.count * 2)
            }
            let directory = DiskDirectory(name, in: parent, identity)
            state.shared[identity] = Weak(directory: directory)
            return directory
        }
    }

    /// Takes note that a directory is removed: its inode number may come to mean another one.
    package func removed(_ directory: DiskDirectory) {
        _ = state.withLock { $0.shared.removeValue(forKey: directory.identity) }
    }

    /// Takes note that a directory was moved.
    package func moved(_ directory: DiskDirectory, to parent: DiskDirectory, as name: [UInt8]) {
        state.withLock { _ in
            directory.parent = parent
            directory.name = name
        }
    }
}
