// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A line of progress that Ctrl-C takes away before it ends the program, so that the shell's prompt has a line of its own.
enum InterruptedLine {
    private static let isPrepared = Mutex(false)

    /// Is called before a line is drawn.
    static func willDraw() {
        isPrepared.withLock { isPrepared in
            if !isPrepared { isPrepared = InterruptSignal.takeLineAway() }
        }
    }

    /// Is called when the line is gone.
    static func isGone() {
        isPrepared.withLock { isPrepared in
            if isPrepared { InterruptSignal.restore() }
            isPrepared = false
        }
    }
}
