// SPDX-License-Identifier: Apache-2.0

import CFuse
import Glibc
import Synchronization

/// What libfuse says: kept, for the error of a mount that fails, and nothing of a mount that serves.
enum FuseLog {
    private static let lines = Mutex<[String]>([])

    /// Starts keeping libfuse's messages, from the next on.
    static func capture() {
        lines.withLock { $0 = [] }
        cfuse_set_log { message in
            let text = String(cString: message)
            FuseLog.lines.withLock { lines in
                if lines.count < 20 { lines.append(text) }
            }
        }
    }

    /// The messages so far, on one line.
    static var text: String {
        lines.withLock { lines in
            lines.flatMap { $0.split(separator: "\n") }.map { line in
                line.hasPrefix("fuse: ") ? String(line.dropFirst(6)) : String(line)
            }.joined(separator: "; ")
        }
    }
}
