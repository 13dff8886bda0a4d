// SPDX-License-Identifier: Apache-2.0

package import FileSystems
import LinuxIO
package import SystemPackage
import Threads

/// A lock for each file: who copies one does not keep others from copying another.
package final class CopyLocks: @unchecked Sendable {
    // SAFETY: `held` is only used by who holds `monitor`.
    private let monitor = Monitor()
    private var held: Set<FileNumber> = []

    /// Runs `body` while nobody else holds the file's lock.
    package func hold<Result>(_ file: FileNumber, _ body: () throws(Errno) -> Result) throws(Errno) -> Result {
        monitor.hold {
            while held.contains(file) { monitor.wait() }
            held.insert(file)
        }
        defer {
            monitor.hold {
                held.remove(file)
                monitor.notify()
            }
        }
        return try body()
    }
}
