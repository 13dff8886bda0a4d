// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A proxy on a free port of this machine: `CONNECT` and SOCKS 5, told apart by the first byte.
///
/// Whatever host is asked for, it leads to one port of this machine. It ends with its last owner.
package final class TunnelServer: Sendable {
    /// The port it listens on.
    package let port: Int
    private let listener: Int32
    private let asked: AskedBox

    private final class AskedBox: Sendable {
        let hosts = Mutex<[String]>([])
    }

    /// What was asked for: `connect registry.example:443`, `socks user:secret registry.example:80`.
    package var requests: [String] { asked.hosts.withLock { $0 } }

    /// Starts a proxy that leads to a port.
    ///
    /// - Parameter wantsUser: whether SOCKS clients must say who they are; anybody will do.
    package init(to target: Int, wantsUser: Bool = false) {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.address(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address -> Int32 in
                guard bind(listener, address, length) == 0, listen(listener, 64) == 0 else { return -1 }
                return getsockname(listener, address, &length)
            }
        }
        precondition(bound == 0, "cannot listen on a port of this machine")
        self.listener = listener
        port = Int(UInt16(bigEndian: address.sin_port))
        let box = AskedBox()
        asked = box
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else {
                    if errno == EINTR || errno == ECONNABORTED { continue }
                    close(listener)
                    return
                }
                // A child of another test must not keep it open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                Thread.detachNewThread {
                    if let request = Self.greet(connection, wantsUser) {
                        box.hosts.withLock { $0.append(request) }
                        Self.relay(connection, to: target)
                    }
                    close(connection)
                }
            }
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func address(port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    /// Reads so many bytes; nil at the end.
    private static func read(_ count: Int, _ connection: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        guard count > 0 else { return [] }
        return recv(connection, &bytes, count, Int32(MSG_WAITALL)) == count ? bytes : nil
    }

    private static func write(_ bytes: [UInt8], _ connection: Int32) {
        _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Takes the request and says that it is met; nil for what is none.
    private static func greet(_ connection: Int32, _ wantsUser: Bool) -> String? {
        guard let first = read(1, connection)?.first else { return nil }
        return first == 5 ? socks(connection, wantsUser) : connect(connection)
    }

    private static func connect(_ connection: Int32) -> String? {
        var head = [UInt8(ascii: "C")]
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
            guard head.count < 8192, let byte = read(1, connection)?.first else { return nil }
            head.append(byte)
        }
        write(Array("HTTP/1.1 200 OK\r\n\r\n".utf8), connection)
        return "connect \(String(decoding: head, as: UTF8.self).split(separator: " ")[1])"
    }

    /// RFC 1928, and RFC 1929 for the user.
    private static func socks(_ connection: Int32, _ wantsUser: Bool) -> String? {
        guard let count = read(1, connection)?.first, read(Int(count), connection) != nil else { return nil }
        write([5, wantsUser ? 2 : 0], connection)
        var user = ""
        if wantsUser {
            guard let head = read(2, connection), let name = read(Int(head[1]), connection),
                let length = read(1, connection)?.first, let secret = read(Int(length), connection)
            else { return nil }
            user = "\(String(decoding: name, as: UTF8.self)):\(String(decoding: secret, as: UTF8.self)) "
            write([1, 0], connection)
        }
        // Only names are understood: the proxy is to look them up.
        guard let head = read(5, connection), head[3] == 3, let name = read(Int(head[4]), connection),
            let port = read(2, connection)
        else { return nil }
        write([5, 0, 0, 1, 0, 0, 0, 0, 0, 0], connection)
        return "socks \(user)\(String(decoding: name, as: UTF8.self)):\(Int(port[0]) << 8 | Int(port[1]))"
    }

    /// Passes bytes on in both directions until both ends have no more.
    private static func relay(_ connection: Int32, to port: Int) {
        let target = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = Self.address(port: port)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(target, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        if isConnected {
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                pump(target, connection)
                done.signal()
            }
            pump(connection, target)
            done.wait()
        }
        close(target)
    }

    private static func pump(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(from, &buffer, buffer.count, 0)
            guard count > 0, send(to, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
        }
        shutdown(to, Int32(SHUT_WR))
    }
}
