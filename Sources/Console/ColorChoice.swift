// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// Whether what is printed has colours.
package enum ColorChoice: String, CaseIterable, Sendable {
    /// On a terminal, unless `NO_COLOR` is set.
    case auto
    /// Also into files and pipes.
    case always
    /// Not at all.
    case never

    /// Whether standard output gets colours.
    package var isColored: Bool {
        switch self {
        case .always: true
        case .never: false
        case .auto:
            Environment.path("NO_COLOR") == nil && isatty(STDOUT_FILENO) == 1
                && Environment.path("TERM").map { $0 != "dumb" } ?? false
        }
    }
}
