// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

extension Descriptor {
    /// Waits until one descriptor has something to read, or its end, or another one takes something: poll(2).
    ///
    /// - Returns: which of both; neither when the time is over.
    package static func wait(
        reading: Descriptor, writing: Descriptor?, milliseconds: Int32
    ) throws(Errno) -> (canRead: Bool, canWrite: Bool) {
        var waited = [pollfd(fd: reading.rawValue, events: Int16(POLLIN), revents: 0)]
        if let writing { waited.append(pollfd(fd: writing.rawValue, events: Int16(POLLOUT), revents: 0)) }
        _ = try retrying { poll(&waited, nfds_t(waited.count), milliseconds) }
        return (waited[0].revents != 0, waited.count > 1 && waited[1].revents != 0)
    }

    /// Lets calls return at once where they would wait: fcntl(2).
    package func setNonblocking() throws(Errno) {
        let flags = try retrying { fcntl(rawValue, F_GETFL) }
        _ = try retrying { fcntl(rawValue, F_SETFL, flags | O_NONBLOCK) }
    }

    /// Writes what is taken at once: write(2).
    ///
    /// - Returns: how many bytes; 0 where none are taken now.
    package func writeSome(_ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        do throws(Errno) {
            return try transferring(bytes.count) { Glibc.write(rawValue, bytes.baseAddress, $0) }
        } catch .resourceTemporarilyUnavailable {
            return 0
        }
    }
}
