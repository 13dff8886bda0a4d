// SPDX-License-Identifier: Apache-2.0

import FileTree
import LayerStore
import OCI
import SystemPackage
import TestSupport

@testable import Registry

/// A store, a home directory and a client whose waits are short.
struct PullFixture {
    let scratch = ScratchDirectory()
    let store: Store
    var settings: RegistrySettings

    /// - Parameter variables: more of the environment.
    init(_ variables: [String: String] = [:]) throws {
        store = try Store(scratch.path.appending("store"))
        scratch.directory("home")
        scratch.directory("etc")
        let environment = UserEnvironment(
            variables.merging(["HOME": "\(scratch.path)/home"]) { given, _ in given },
            systemDirectory: scratch.path.appending("etc"))
        settings = RegistrySettings(environment: environment)
        settings.limits.connectTimeout = .seconds(5)
        settings.limits.stallTimeout = .seconds(20)
        settings.limits.firstDelay = .milliseconds(1)
        settings.limits.longestDelay = .milliseconds(5)
    }

    var client: RegistryClient { RegistryClient(settings) }

    /// Pulls an image into the store.
    @discardableResult
    func pull(_ text: String, platform: Platform? = nil, with client: RegistryClient? = nil) throws -> StoredImage {
        let client = client ?? self.client
        let (reference, document, repository) = try client.document(named: text)
        let manifest = try repository.manifest(of: document, platform: platform)
        let source = try repository.source(manifest, platform: platform, name: "\(reference)")
        return try store.add(source, keepsBlobs: true)
    }

    /// The description of the error that pulling throws, `$` for the registry's host; nil if it throws none.
    func error(_ text: String, at host: String, platform: Platform? = nil) -> String? {
        do {
            try pull(text, platform: platform)
            return nil
        } catch {
            return "\(error)".replacing(host, with: "$")
        }
    }
}

/// Images of the tests.
enum RegistrySample {
    /// An image of two layers.
    static let image = ImageBuilder([
        LayerBuilder(.gzip) {
            $0.directory("etc")
            $0.file("etc/name", "old\n")
            $0.file("random", noise(seed: 1, count: 200_000))
        },
        LayerBuilder(.zstd) { $0.file("etc/name", "new\n") },
    ])

    /// Bytes that do not compress.
    static func noise(seed: UInt64, count: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }
}
