// SPDX-License-Identifier: Apache-2.0

import OCI

/// What Ubuntu's client for paid maintenance says of itself.
struct UbuntuServices {
    private struct Status: Decodable {
        var services: [Service]?
    }

    private struct Service: Decodable {
        var name: String?
        var status: String?
    }

    /// Whether the distribution gets updates beyond its end.
    let isESMEnabled: Bool

    init(_ json: [UInt8]) {
        // What cannot be read enables nothing.
        let status = try? decode(Status.self, json, name: "ubuntu-advantage", limit: 1 << 20)
        isESMEnabled = status?.services?.contains { $0.name == "esm-infra" && $0.status == "enabled" } ?? false
    }
}
