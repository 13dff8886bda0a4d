// SPDX-License-Identifier: Apache-2.0

import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import Synchronization
import SystemPackage
import Threads

/// A large file on its way to the upper: who opens it to write need not wait until all its bytes are there.
///
/// The copy has no name until it is whole and on the disk; then it gets the file's, as every copy does. Until then a chunk
/// that nobody brought is read from the layer below, and is brought before a part of it is written. After a crash the
/// file is what it was: what had been synced was whole.
final class DeferredCopy: @unchecked Sendable {
    // SAFETY: the chunks and the state are used by who holds `monitor`; it may not be asked for by who holds the lock of
    // changes, which the end of the copy asks for.
    static let chunkSize: UInt64 = 1 << 20

    /// What is shown of the file meanwhile, besides what the layer below tells.
    struct Facts {
        var size: UInt64
        /// When it was written to last.
        var written: timespec?
    }

    /// The copy, open for reading and writing.
    let target: Descriptor
    private let source: LayerFile
    private let sourceSize: UInt64
    private let monitor = Monitor()
    private var isMissing: [Bool]
    private var next = 0
    /// What a sync failed with that nobody was told of: the next one may succeed and mean nothing.
    private var unsynced: Errno?
    private let prepare: @Sendable (Facts) throws(Errno) -> Void
    private let publish: @Sendable () throws(Errno) -> Void
    private let known: Mutex<Facts>
    private let whole = Atomic<Bool>(false)

    /// Begins to copy the bytes of a file to an empty one, whose room is reserved.
    ///
    /// - Parameters:
    ///   - prepare: gives the copy its attributes, when all bytes are there.
    ///   - publish: gives it its name, when it is on the disk. Both are called again where something failed.
    init(
        _ source: LayerFile, size: UInt64, to target: Descriptor,
        prepare: @escaping @Sendable (Facts) throws(Errno) -> Void,
        publish: @escaping @Sendable () throws(Errno) -> Void
    ) {
        self.source = source
        self.target = target
        sourceSize = size
        self.prepare = prepare
        self.publish = publish
        isMissing = Array(repeating: true, count: Int((size + Self.chunkSize - 1) / Self.chunkSize))
        known = Mutex(Facts(size: size))
    }

    /// Whether the copy is over, and the file's.
    var isWhole: Bool { whole.load(ordering: .acquiring) }

    /// What is shown of the file.
    var facts: Facts { known.withLock { $0 } }

    /// Reads from the copy, and from below what it does not have yet.
    func read(at offset: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try monitor.hold { () throws(Errno) in
            var count = 0
            while count < buffer.count {
                let position = offset + UInt64(count)
                let (chunk, left) = Self.place(position)
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[count..<count + min(buffer.count - count, Int(left))])
                let isBelow = isMissing.indices.contains(chunk) && isMissing[chunk]
                let got =
                    isBelow ? try source.read(at: position, into: part) : try target.read(at: position, into: part)
                count += got
                guard got == part.count else { break }
            }
            return count
        }
    }

    /// Writes to the copy.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) -> Int {
        let (end, isTooLarge) = offset.addingReportingOverflow(UInt64(bytes.count))
        guard !isTooLarge, end <= UInt64(Int64.max) else { throw .fileTooLarge }
        return try monitor.hold { () throws(Errno) in
            var position = offset
            while position < end {
                let (chunk, left) = Self.place(position)
                guard isMissing.indices.contains(chunk) else { break }
                if isMissing[chunk] {
                    // Also where all of it is to be written: that may fail halfway.
                    try bring(chunk)
                    isMissing[chunk] = false
                }
                position += left
            }
            let count = try target.writeSome(bytes, at: offset)
            var now = timespec()
            clock_gettime(CLOCK_REALTIME, &now)
            let time = now
            known.withLock { facts in
                facts.size = max(facts.size, offset + UInt64(count))
                facts.written = time
            }
            return count
        }
    }

    /// Brings one missing chunk, or ends the copy where none is missing; false when it is over.
    ///
    /// - Throws: what failed; the next call tries the same again.
    func advance() throws(Errno) -> Bool {
        try monitor.hold { () throws(Errno) in
            if isWhole { return false }
            while next < isMissing.count, !isMissing[next] { next += 1 }
            if next < isMissing.count {
                try bring(next)
                isMissing[next] = false
                return true
            }
            try prepare(facts)
            do throws(Errno) {
                try target.synchronize()
            } catch {
                unsynced = error
                throw error
            }
            try publish()
            whole.store(true, ordering: .releasing)
            return false
        }
    }

    /// Brings what is missing, and waits until the copy has its name.
    ///
    /// - Throws: what failed, now or, where it cannot be made good, before; the next call tries again.
    func finish() throws(Errno) {
        do throws(Errno) {
            while try advance() {}
        } catch {
            monitor.hold { unsynced = nil }
            throw error
        }
        if let lost = monitor.hold({ unsynced.take() }) { throw lost }
    }

    /// The caller holds the monitor.
    private func bring(_ chunk: Int) throws(Errno) {
        let start = UInt64(chunk) * Self.chunkSize
        try FileCopy.copy(source, from: start, to: min(start + Self.chunkSize, sourceSize), target)
    }

    /// The chunk of an offset, and how many of its bytes are left from there on.
    private static func place(_ offset: UInt64) -> (chunk: Int, left: UInt64) {
        (Int(offset / chunkSize), chunkSize - offset % chunkSize)
    }
}

/// The deferred copies of a mount, brought to their end by one thread that lives as long as there are any.
///
/// One that fails is tried again by who needs the file whole, once nothing is asked of the mount, and when it ends.
final class DeferredCopies: Sendable {
    private struct State {
        var copies: [DeferredCopy] = []
        var failed: [DeferredCopy] = []
        var thread: WorkerThread<Void>?
        var isRunning = false
    }

    private let state = Mutex(State())
    private let number = Atomic<Int>(0)

    /// Whether there are none; false also for a while after the last one has ended.
    var isEmpty: Bool { number.load(ordering: .acquiring) == 0 }

    /// Takes a copy in; false where there is no thread for it.
    func add(_ copy: DeferredCopy) -> Bool {
        state.withLock { state in
            guard start(&state) else { return false }
            state.copies.append(copy)
            count(state)
            return true
        }
    }

    /// Tries again what failed, without waiting for it.
    func retry() {
        state.withLock { state in
            state.failed.removeAll { $0.isWhole }
            count(state)
            guard !state.failed.isEmpty, start(&state) else { return }
            state.copies += state.failed
            state.failed = []
        }
    }

    /// Brings all to their end.
    ///
    /// - Throws: what the first of those failed with that could not be.
    func finish() throws(Errno) {
        var failure: Errno?
        for copy in state.withLock({ $0.copies + $0.failed }) {
            do throws(Errno) {
                try copy.finish()
            } catch {
                failure = failure ?? error
            }
        }
        // `try?`: the thread throws nothing.
        _ = try? state.withLock { $0.thread.take() }?.join()
        state.withLock { state in
            state.failed.removeAll { $0.isWhole }
            count(state)
        }
        if let failure { throw failure }
    }

    /// Starts the thread unless it runs; false where there can be none.
    private func start(_ state: inout State) -> Bool {
        guard !state.isRunning else { return true }
        // `try?`: a thread that has ended throws nothing.
        _ = try? state.thread.take()?.join()
        do {
            state.thread = try withSignalsBlocked { try WorkerThread.started { self.run() } }
        } catch { return false }
        state.isRunning = true
        return true
    }

    private func count(_ state: borrowing State) {
        number.store(state.copies.count + state.failed.count, ordering: .releasing)
    }

    private func run() {
        while let copy = first() {
            var hasFailed = false
            do throws(Errno) {
                while try copy.advance() {}
            } catch {
                hasFailed = true
            }
            state.withLock { state in
                state.copies.removeAll { $0 === copy }
                if hasFailed { state.failed.append(copy) }
                count(state)
            }
        }
    }

    private func first() -> DeferredCopy? {
        state.withLock { state in
            if state.copies.isEmpty { state.isRunning = false }
            return state.copies.first
        }
    }
}
