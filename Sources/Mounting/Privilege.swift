// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// What this process may do.
package enum Privilege {
    /// Whether it may set attributes of the `trusted.` namespace: only the superuser of the machine may.
    package static var hasTrustedAttributes: Bool {
        // Without /proc it may mount nothing anyway.
        guard geteuid() == 0, let map = try? Descriptor.open("/proc/self/uid_map").readToEnd() else { return false }
        let numbers = String(decoding: map, as: UTF8.self).split(whereSeparator: \.isWhitespace)
        return numbers.count == 3 && numbers[0] == "0" && numbers[1] == "0" && numbers[2] == "4294967295"
    }
}
