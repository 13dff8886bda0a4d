// SPDX-License-Identifier: Apache-2.0

import CFuse
import Glibc
import LinuxIO
import Synchronization
import SystemPackage
import Threads

/// Takes the kernel's requests and answers them, on as many threads as there is work for.
///
/// One thread at a time takes requests, and mostly answers them itself: to wake another one for each costs more than
/// most answers. It lets another one take the next request before it begins on what takes long, or while several
/// programs ask at once. Where a short answer turns out to be a long one, a watching thread does that for it.
final class RequestLoop: @unchecked Sendable {
    // SAFETY: any thread may use the session; the rest is atomic or used by who holds `monitor`.
    private let session: OpaquePointer
    private let threadLimit: Int
    private let whenIdle: @Sendable () -> Void
    private let turn = Atomic<UInt64>(Turn().rawValue)
    private let live = Atomic<Int>(0)
    private let failure = Atomic<Int32>(0)
    private let isWatchParked = Atomic<Bool>(false)
    private let watchMonitor = Monitor()

    private let monitor = Monitor()
    private var threads: [WorkerThread<Void>] = []
    /// Threads that wait for a turn.
    private var idleCount = 0
    /// Whether a turn waits for a thread.
    private var isOffered = false
    private var isEnding = false

    /// Makes a loop of at most so many threads; the caller has called `blockSignals`.
    ///
    /// - Parameter whenIdle: called, on a thread that answers nothing, once nothing was asked for a second, and again
    ///   after each time that something was.
    init(_ session: OpaquePointer, threadLimit: Int, whenIdle: @escaping @Sendable () -> Void) {
        self.session = session
        self.whenIdle = whenIdle
        self.threadLimit = max(2, threadLimit)
    }

    /// The signals that end a mount, and the one that says that the loop has ended.
    private static var awaited: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in [SIGTERM, SIGINT, SIGHUP] {
            var action = sigaction()
            sigaction(number, nil, &action)
            // Who starts a process with nohup(1) wants it to stay.
            let isIgnored = unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
            if !isIgnored { sigaddset(&set, number) }
        }
        sigaddset(&set, endSignal)
        return set
    }

    private static let endSignal = SIGUSR2
    private static let wakeSignal = SIGUSR1

    /// Keeps signals from threads that do not wait for them; one that was sent meanwhile is not lost.
    static func blockSignals() {
        signal(SIGPIPE, SIG_IGN)
        var set = awaited
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Serves until the session ends: by an unmount or by a signal.
    ///
    /// - Returns: 0, the number of the signal that ended it, or a negative error number.
    func run() -> Int32 {
        // It interrupts a read and does nothing else.
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in }
        sigaction(Self.wakeSignal, &action, nil)
        let file = fuse_session_fd(session)
        do throws(Errno) {
            let flags = try retrying { fcntl(file, F_GETFL) }
            _ = try retrying { fcntl(file, F_SETFL, flags | O_NONBLOCK) }
        } catch {
            return -error.rawValue
        }
        let isStarted = withSignalsBlocked { monitor.hold { startThread() } }
        guard isStarted else { return -EAGAIN }
        let watch = withSignalsBlocked { WorkerThread { self.watch() } }
        var received: Int32 = 0
        var set = Self.awaited
        while sigwait(&set, &received) != 0 {}
        end()
        // It throws nothing.
        _ = try? watch.join()
        return received == Self.endSignal ? failure.load(ordering: .acquiring) : received
    }

    private func end() {
        fuse_session_exit(session)
        let all = monitor.hold {
            isEnding = true
            monitor.notify()
            return threads
        }
        watchMonitor.hold { watchMonitor.notify() }
        // A thread may be about to read when the signal comes.
        while live.load(ordering: .acquiring) > 0 {
            for thread in all { thread.signal(Self.wakeSignal) }
            usleep(500)
        }
        for thread in all { _ = try? thread.join() }
    }

    // MARK: - Threads

    /// Starts a thread that has the turn; the caller holds the monitor.
    private func startThread() -> Bool {
        live.add(1, ordering: .acquiringAndReleasing)
        guard let thread = try? WorkerThread.started({ self.serve() }) else {
            live.subtract(1, ordering: .acquiringAndReleasing)
            return false
        }
        threads.append(thread)
        return true
    }

    /// What each thread does, beginning with its turn.
    private func serve() {
        var wake = sigset_t()
        sigemptyset(&wake)
        sigaddset(&wake, Self.wakeSignal)
        pthread_sigmask(SIG_UNBLOCK, &wake, nil)
        var request = fuse_buf()
        var crowd = Crowd()
        repeat {
            guard takeRequests(&request, &crowd) else { break }
        } while waitForTurn()
        free(request.mem)
        live.subtract(1, ordering: .acquiringAndReleasing)
        kill(getpid(), Self.endSignal)
    }

    /// Takes requests as long as the thread has the turn; false when the session has ended.
    private func takeRequests(_ request: inout fuse_buf, _ crowd: inout Crowd) -> Bool {
        var mine = Turn(rawValue: turn.load(ordering: .acquiring))
        var patience = Patience()
        while fuse_session_exited(session) == 0 {
            let count = patience.receive(&request, from: session)
            if count == -EINTR { continue }
            guard count > 0 else {
                if count < 0 { failure.store(count, ordering: .releasing) }
                fuse_session_exit(session)
                return false
            }
            let kind = cfuse_request(request.mem, Int(count))
            if crowd.hasMore(than: kind.pid) || kind.takes_long != 0 {
                let next = mine.next
                turn.store(next.rawValue, ordering: .sequentiallyConsistent)
                offerTurn()
                fuse_session_process_buf(session, &request)
                return true
            }
            let busy = mine.busy
            turn.store(busy.rawValue, ordering: .sequentiallyConsistent)
            if isWatchParked.load(ordering: .sequentiallyConsistent) {
                watchMonitor.hold {
                    isWatchParked.store(false, ordering: .relaxed)
                    watchMonitor.notify()
                }
            }
            fuse_session_process_buf(session, &request)
            mine = busy.done
            let (isMine, _) = turn.compareExchange(
                expected: busy.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing)
            // It took too long: another thread has the turn.
            guard isMine else { return true }
        }
        return false
    }

    /// Lets a waiting thread take requests, or a new one; if there can be none, the next that has nothing to do.
    private func offerTurn() {
        monitor.hold {
            isOffered = true
            if idleCount > 0 {
                monitor.notifyOne()
            } else if threads.count < threadLimit, startThread() {
                isOffered = false
            }
        }
    }

    /// Waits for a turn; false when the session has ended.
    private func waitForTurn() -> Bool {
        monitor.hold {
            idleCount += 1
            while !isOffered, !isEnding { monitor.wait() }
            idleCount -= 1
            isOffered = false
            return !isEnding
        }
    }

    // MARK: - Watching

    private static let tick: UInt32 = 2000
    private static let quietTicks = 5
    private static let idleMilliseconds = 1000

    /// Takes the turn from threads whose answers last; sleeps while nothing is asked.
    private func watch() {
        var last = turn.load(ordering: .acquiring)
        var quiet = 0
        while fuse_session_exited(session) == 0 {
            usleep(Self.tick)
            let now = turn.load(ordering: .acquiring)
            defer { last = now }
            guard now == last else {
                quiet = 0
                continue
            }
            let seen = Turn(rawValue: now)
            if seen.isBusy {
                let (isTaken, _) = turn.compareExchange(
                    expected: now, desired: seen.next.rawValue, ordering: .acquiringAndReleasing)
                if isTaken { offerTurn() }
                quiet = 0
                continue
            }
            quiet += 1
            if quiet > Self.quietTicks { park(since: now) }
        }
    }

    /// Waits for the next request.
    private func park(since seen: UInt64) {
        guard isQuiet(since: seen, milliseconds: Self.idleMilliseconds) else { return }
        whenIdle()
        _ = isQuiet(since: seen)
    }

    /// Waits for a request or for the time to pass; true if it passed and there was none.
    private func isQuiet(since seen: UInt64, milliseconds: Int? = nil) -> Bool {
        watchMonitor.hold {
            isWatchParked.store(true, ordering: .sequentiallyConsistent)
            defer { isWatchParked.store(false, ordering: .relaxed) }
            while isWatchParked.load(ordering: .sequentiallyConsistent), fuse_session_exited(session) == 0 {
                guard turn.load(ordering: .sequentiallyConsistent) == seen else { return false }
                guard let milliseconds else {
                    watchMonitor.wait()
                    continue
                }
                if !watchMonitor.wait(milliseconds: milliseconds) {
                    return isWatchParked.load(ordering: .sequentiallyConsistent)
                }
            }
            return false
        }
    }
}
