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
    /// Threads that wait for a turn, and whether one waits for a thread: of the near ones and of the others.
    private var near = Waiting()
    private var others = Waiting()
    private var isEnding = false
    private let nearMode: NearMode
    /// The near thread that had the turn last.
    private let nearThread = Atomic<Int32>(0)

    private struct Waiting {
        var idleCount = 0
        var threadCount = 0
        var isOffered = false
    }

    /// Makes a loop of at most so many threads; the caller has called `blockSignals`.
    ///
    /// - Parameters:
    ///   - isNear: whether answers may come from threads near the asker, as `NearMode` has it: these must not start
    ///     threads, which would be such threads too.
    ///   - whenIdle: called, on a thread that answers nothing, once nothing was asked for a second, and again after each
    ///     time that something was.
    init(
        _ session: OpaquePointer, threadLimit: Int, isNear: Bool, whenIdle: @escaping @Sendable () -> Void
    ) {
        nearMode = NearMode(isPossible: isNear)
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
        let isStarted = withSignalsBlocked { monitor.hold { startThread(isNear: false) } }
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
        for thread in all { _ = try? thread.join() }  // They throw nothing.
    }

    // MARK: - Threads

    /// Starts a thread that has the turn; the caller holds the monitor.
    private func startThread(isNear: Bool) -> Bool {
        live.add(1, ordering: .acquiringAndReleasing)
        // Those that are there serve.
        guard let thread = try? WorkerThread.started({ self.serve(isNear: isNear) }) else {
            live.subtract(1, ordering: .acquiringAndReleasing)
            return false
        }
        threads.append(thread)
        waiting(isNear) { $0.threadCount += 1 }
        return true
    }

    private func waiting<Result>(_ isNear: Bool, _ body: (inout Waiting) -> Result) -> Result {
        isNear ? body(&near) : body(&others)
    }

    /// What each thread does, beginning with its turn.
    private func serve(isNear: Bool) {
        var wake = sigset_t()
        sigemptyset(&wake)
        sigaddset(&wake, Self.wakeSignal)
        pthread_sigmask(SIG_UNBLOCK, &wake, nil)
        if isNear, !ThreadPlacement.yieldToAll() { nearMode.giveUpForGood() }
        var taker = Taker(isNear: isNear)
        repeat {
            guard takeRequests(&taker) else { break }
        } while waitForTurn(isNear)
        free(taker.request.mem)
        live.subtract(1, ordering: .acquiringAndReleasing)
        kill(getpid(), Self.endSignal)
    }

    /// What a thread keeps from turn to turn.
    private struct Taker {
        let isNear: Bool
        var request = fuse_buf()
        var crowd = Crowd()
        var place = NearPlace()
        var count = 0
        let identifier = ThreadPlacement.identifier

        init(isNear: Bool) { self.isNear = isNear }
    }

    /// Takes requests as long as the thread has the turn; false when the session has ended.
    private func takeRequests(_ taker: inout Taker) -> Bool {
        var mine = Turn(rawValue: turn.load(ordering: .acquiring))
        if taker.isNear { nearThread.store(taker.identifier, ordering: .relaxed) }
        var patience = Patience(waitsAwake: !taker.isNear)
        while fuse_session_exited(session) == 0 {
            let count = patience.receive(&taker.request, from: session)
            if count == -EINTR {
                // Another thread may have been given the turn while this one slept.
                if turn.load(ordering: .acquiring) == mine.rawValue { continue }
                return true
            }
            guard count > 0 else {
                if count < 0 { failure.store(count, ordering: .releasing) }
                fuse_session_exit(session)
                return false
            }
            let kind = cfuse_request(taker.request.mem, Int(count))
            choosePlace(&taker, asker: kind.pid)
            let isHandedOn =
                taker.crowd.hasMore(than: kind.pid) || kind.takes_long != 0 || taker.isNear != nearMode.isActive
            let taken = isHandedOn ? mine.next : mine.busy
            let (hadTurn, _) = turn.compareExchange(
                expected: mine.rawValue, desired: taken.rawValue, ordering: .sequentiallyConsistent)
            if isHandedOn || !hadTurn {
                if hadTurn { offerTurn() }
                fuse_session_process_buf(session, &taker.request)
                return true
            }
            if isWatchParked.load(ordering: .sequentiallyConsistent) {
                watchMonitor.hold {
                    isWatchParked.store(false, ordering: .relaxed)
                    watchMonitor.notify()
                }
            }
            fuse_session_process_buf(session, &taker.request)
            mine = taken.done
            let (isMine, _) = turn.compareExchange(
                expected: taken.rawValue, desired: mine.rawValue, ordering: .acquiringAndReleasing)
            // It took too long: another thread has the turn.
            guard isMine else { return true }
        }
        return false
    }

    /// Goes where the asker is, or lets near threads answer who goes on asking.
    private func choosePlace(_ taker: inout Taker, asker: UInt32) {
        if taker.isNear {
            if !taker.place.follow(asker) { nearMode.giveUp(at: Patience.now()) }
        } else {
            taker.count += 1
            guard taker.count % NearMode.threshold == 0, !nearMode.isActive else { return }
            let time = Patience.now()
            if nearMode.mayBegin(at: time) { nearMode.begin(at: time) }
        }
    }

    /// Lets a waiting thread take requests, or a new one; if there can be none, the next that has nothing to do.
    private func offerTurn() {
        monitor.hold {
            let isNear = nearMode.isActive
            waiting(isNear) { $0.isOffered = true }
            let (idleCount, threadCount) = waiting(isNear) { ($0.idleCount, $0.threadCount) }
            if idleCount > 0 {
                // Both kinds wait for the same sign.
                monitor.notify()
            } else if threadCount < threadLimit, startThread(isNear: isNear) {
                waiting(isNear) { $0.isOffered = false }
            }
        }
    }

    /// Waits for a turn; false when the session has ended.
    private func waitForTurn(_ isNear: Bool) -> Bool {
        monitor.hold {
            waiting(isNear) { $0.idleCount += 1 }
            while !waiting(isNear, { $0.isOffered }), !isEnding { monitor.wait() }
            waiting(isNear) {
                $0.idleCount -= 1
                $0.isOffered = false
            }
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
        // Whether a request waits that nobody takes.
        var isLeft = false
        while fuse_session_exited(session) == 0 {
            usleep(Self.tick)
            let now = turn.load(ordering: .acquiring)
            defer { last = now }
            let wasLeft = isLeft
            isLeft = now == last && nearMode.isActive && isAsked
            guard now == last else {
                quiet = 0
                continue
            }
            let seen = Turn(rawValue: now)
            if seen.isBusy {
                let answering = nearThread.load(ordering: .relaxed)
                if nearMode.isActive, ThreadPlacement.isRunnable(answering) { nearMode.giveUp(at: Patience.now()) }
                takeTurn(from: seen)
                quiet = 0
                continue
            }
            if isLeft, wasLeft {
                nearMode.giveUp(at: Patience.now())
                takeTurn(from: seen)
                continue
            }
            quiet += 1
            guard quiet > Self.quietTicks else { continue }
            if nearMode.isActive {
                // Who sleeps below everybody else would be late for the next program that asks.
                nearMode.end()
                takeTurn(from: seen)
            } else {
                park(since: now)
            }
        }
    }

    /// Gives a thread's turn to another one.
    private func takeTurn(from seen: Turn) {
        let (isTaken, _) = turn.compareExchange(
            expected: seen.rawValue, desired: seen.next.rawValue, ordering: .acquiringAndReleasing)
        guard isTaken else { return }
        offerTurn()
        // One that sleeps until the next request is woken: it has to see that it is not the one.
        if !seen.isBusy { for thread in monitor.hold({ threads }) { thread.signal(Self.wakeSignal) } }
    }

    /// Whether the kernel has a request that nobody has taken.
    private var isAsked: Bool {
        var file = pollfd(fd: fuse_session_fd(session), events: Int16(POLLIN), revents: 0)
        return poll(&file, 1, 0) > 0
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
