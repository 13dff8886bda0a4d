// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage
import Threads

extension Descriptor {
    /// Connects to a stream socket in the file system: socket(2), connect(2), see unix(7).
    ///
    /// The path has up to 107 bytes; a later read or write waits for `timeoutSeconds`, and then throws `.wouldBlock`.
    /// - Throws: the call's `Errno`; `.fileNameTooLong` for a path of more than 107 bytes.
    package static func connect(to path: FilePath, timeoutSeconds: Int) throws(Errno) -> Descriptor {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = Descriptor(owning: try retrying { Glibc.socket(AF_UNIX, kind, 0) })
        var time = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            _ = try retrying {
                setsockopt(socket.rawValue, SOL_SOCKET, option, &time, socklen_t(MemoryLayout<timeval>.size))
            }
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let isWhole = path.withPlatformString { text in
            withUnsafeMutableBytes(of: &address.sun_path) { place in
                let count = strlen(text)
                guard count < place.count else { return false }
                place.copyMemory(from: UnsafeRawBufferPointer(start: text, count: count))
                return true
            }
        }
        guard isWhole else { throw .fileNameTooLong }
        _ = try retrying {
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.connect(socket.rawValue, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }
        return socket
    }
}
