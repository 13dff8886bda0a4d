// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What a test needs of the machine.
///
/// Each answers true where it is there, and also where `CIMG_REQUIRE_ALL=1` is set: the test then runs and fails
/// instead of being skipped. Use them as `@Test(.enabled(if: Requirements.root))`.
package enum Requirements {
    /// The superuser with all capabilities.
    package static var root: Bool { isForced || geteuid() == 0 }

    /// A FUSE device that can be opened.
    package static var fuse: Bool { isForced || access("/dev/fuse", R_OK | W_OK) == 0 }

    /// The superuser on a kernel that mounts EROFS images that are files: Linux 6.12.
    package static var kernelEROFS: Bool { isForced || geteuid() == 0 && kernelKnowsEROFS && kernelVersion >= (6, 12) }

    /// Engines that `scripts/engines` has started; `make test` does.
    package static var engines: Bool { isForced || EngineBench.isReady }

    private static var isForced: Bool { ProcessInfo.processInfo.environment["CIMG_REQUIRE_ALL"] == "1" }

    private static var kernelKnowsEROFS: Bool {
        let known = (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8)) ?? ""
        return known.split(separator: "\n").contains { $0.split(separator: "\t").last == "erofs" }
    }

    private static var kernelVersion: (Int, Int) {
        let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
        let numbers = release.split(whereSeparator: { !$0.isNumber }).prefix(2).compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : (0, 0)
    }
}
