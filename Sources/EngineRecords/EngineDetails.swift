// SPDX-License-Identifier: Apache-2.0

import OCI

/// A port of a container, and where the engine lets it be reached from outside.
package struct EnginePort: Sendable, Hashable, CustomStringConvertible {
    /// The port in the container.
    package var container: UInt16
    /// `tcp`, `udp` or `sctp`.
    package var transport: String
    /// The address of the host; nil for all of them, or where the port is not published.
    package var hostAddress: String?
    /// The port of the host; nil where the port is not published.
    package var host: UInt16?

    /// Makes a port.
    package init(container: UInt16, transport: String, hostAddress: String? = nil, host: UInt16? = nil) {
        self.container = container
        self.transport = transport
        self.hostAddress = hostAddress
        self.host = host
    }

    /// As engines write it: `0.0.0.0:8080->80/tcp`.
    package var description: String {
        let inside = "\(container)/\(transport.printable)"
        guard let host else { return inside }
        let address = hostAddress.flatMap { $0.isEmpty ? nil : $0 } ?? "0.0.0.0"
        return (address.contains(":") ? "[\(address.printable)]" : address.printable) + ":\(host)->\(inside)"
    }
}

/// What a container was asked to be, as far as its engine's files tell.
package struct EngineDetails: Sendable, Hashable {
    /// The command with its arguments; empty where it is not written down.
    package var command: [String] = []
    /// The directory that it starts in.
    package var workingDirectory: String?
    /// The user that it runs as, as it was asked for.
    package var user: String?
    /// Its ports.
    package var ports: [EnginePort] = []
    /// Its labels.
    package var labels: [String: String] = [:]

    /// Details of which nothing is known.
    package init() {}
}
