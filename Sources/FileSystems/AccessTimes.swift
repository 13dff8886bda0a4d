// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// Whether reading a file changes its time of access, as mount(8) has it: `relatime` unless it is left alone.
package struct AccessTimes: Hashable, Sendable {
    /// `noatime`: of nothing.
    package var areLeft: Bool
    /// `nodiratime`: not of directories.
    package var areLeftOfDirectories: Bool

    /// Makes a rule; without arguments `relatime`.
    package init(areLeft: Bool = false, areLeftOfDirectories: Bool = false) {
        self.areLeft = areLeft
        self.areLeftOfDirectories = areLeftOfDirectories
    }

    /// Whether `relatime` has a read change the time of access: where it is not later than the last change, or a day old.
    package static func isDue(access: Timestamp, modification: Timestamp, change: Timestamp, now: Timestamp) -> Bool {
        if access <= modification || access <= change { return true }
        let (age, overflow) = now.seconds.subtractingReportingOverflow(access.seconds)
        return overflow || age >= 24 * 60 * 60
    }
}
