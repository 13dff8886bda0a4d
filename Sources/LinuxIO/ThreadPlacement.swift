// SPDX-License-Identifier: Apache-2.0

import CLinux

/// Where the calling thread runs.
package enum ThreadPlacement {
    /// The processor that a thread runs on, or ran on last; nil where this is not to be seen: a thread that has ended,
    /// of another process namespace, or hidden.
    package static func processor(ofThread identifier: Int32) -> Int32? {
        guard identifier > 0 else { return nil }
        let processor = clinux_processor_of_thread(identifier)
        return processor < 0 ? nil : processor
    }

    /// Whether a thread runs, or would if it had a processor; false where this is not to be seen.
    package static func isRunnable(_ identifier: Int32) -> Bool { clinux_thread_is_runnable(identifier) != 0 }

    /// The calling thread's number: gettid(2).
    package static var identifier: Int32 { clinux_thread_identifier() }

    /// Lets the calling thread run on one processor alone; false if it may not.
    ///
    /// The corresponding C function is sched_setaffinity(2).
    package static func keep(on processor: Int32) -> Bool { clinux_run_on_processor(processor) == 0 }

    /// Lets the calling thread run only where nobody else wants to; false if it may not.
    ///
    /// Threads that it starts are so too, and without privileges there is no way back. The corresponding C function is
    /// sched_setscheduler(2) with `SCHED_IDLE`.
    package static func yieldToAll() -> Bool { clinux_run_when_idle() == 0 }
}
