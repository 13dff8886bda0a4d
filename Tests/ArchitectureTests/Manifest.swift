// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// The package's manifest as the package manager evaluates it.
struct Manifest: Decodable {
    /// One target of the package.
    struct Target: Decodable {
        let name: String
        let type: String
        let path: String?
        let dependencies: [Dependency]
    }

    /// A dependency of a target: a target of this package or a product of another one.
    struct Dependency: Decodable {
        let name: String

        // Written as { "byName": ["OCI", null] } or { "product": ["SwiftASN1", "swift-asn1", null, null] }.
        init(from decoder: any Decoder) throws {
            let keyed = try decoder.singleValueContainer().decode([String: [Part]].self)
            guard let name = keyed.values.first?.first?.text else {
                throw DecodingError.dataCorrupted(
                    .init(codingPath: decoder.codingPath, debugDescription: "a dependency without a name"))
            }
            self.name = name
        }
    }

    private struct Part: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    let targets: [Target]

    /// Evaluates `Package.swift`.
    ///
    /// Dumping needs no dependencies to be resolved, and its own scratch directory keeps it off the lock that the
    /// surrounding `swift test` holds.
    static func load() throws -> Manifest {
        let scratch = FileManager.default.temporaryDirectory.appending(path: "cimg-manifest-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: scratch) }
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "swift", "package", "--package-path", Checkout.root.path, "--scratch-path", scratch.path, "dump-package",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let json = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit(atMost: 600)
        guard process.terminationStatus == 0 else {
            throw CocoaError(.executableLoad, userInfo: ["status": process.terminationStatus])
        }
        return try JSONDecoder().decode(Manifest.self, from: json)
    }
}
