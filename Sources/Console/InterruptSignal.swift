// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What Ctrl-C does besides ending the program.
enum InterruptSignal {
    /// Lets the signal take away the line that the cursor is in, on standard error, before it does what it does otherwise.
    ///
    /// The corresponding C function is sigaction(2).
    /// - Returns: false where the signal does something else already, or is ignored; then that stays.
    static func takeLineAway() -> Bool {
        var action = sigaction()
        guard sigaction(SIGINT, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { return false }
        action = sigaction()
        // Nothing but what a handler may do: write(2), sigaction(2), raise(3).
        action.__sigaction_handler.sa_handler = { _ in
            // Return, and erase to the end of the line.
            var bytes: (UInt8, UInt8, UInt8, UInt8) = (0x0D, 0x1B, 0x5B, 0x4B)
            _ = write(STDERR_FILENO, &bytes, 4)
            InterruptSignal.restore()
            raise(SIGINT)
        }
        return sigaction(SIGINT, &action, nil) == 0
    }

    /// Lets the signal do what it does otherwise alone.
    static func restore() {
        var standard = sigaction()
        sigaction(SIGINT, &standard, nil)
    }
}
