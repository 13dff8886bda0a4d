// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI
import TestSupport
import Testing

@testable import LayerStore

/// What an image's layers may cost together while they are taken in.
@Suite(.timeLimit(.minutes(15))) struct ImportBudgetTests {
    private func limits(_ cost: ImportCost, _ base: UInt64) -> LayerLimits {
        var limits = LayerLimits()
        limits.image[cost] = ImportLimits.Limit(base)
        return limits
    }

    /// Two layers, each of one file with holes of 1 MiB less 512 bytes.
    private static let sparse = ImageBuilder(
        ["a", "b"].map { name in
            LayerBuilder(.gzip) {
                _ = $0.sparse(name, .pax10, size: 1 << 20, runs: [(0, [UInt8](repeating: 1, count: 512))])
            }
        })

    @Test func `holes are hashed up to a limit of the image`() throws {
        let perLayer: UInt64 = 1 << 20 - 512
        let good = try StoreFixture(limits: limits(.holeBytes, 2 * perLayer))
        #expect(good.error(Self.sparse.source) == nil)
        let error = try StoreFixture(limits: limits(.holeBytes, 2 * perLayer - 1)).error(Self.sparse.source)
        // Which of the two layers comes first is not told.
        let endings = ["a", "b"].map {
            ": entry \"\($0)\": more than \(2 * perLayer - 1) bytes of holes to be hashed in the image"
        }
        #expect(endings.contains { error?.hasSuffix($0) == true }, "\(error ?? "")")
        #expect(error?.hasPrefix("layer sha256:") == true)
    }

    @Test func `what is compressed beyond reason is limited for the image`() throws {
        let zeros = ImageBuilder(
            (0..<2).map { number in
                LayerBuilder(.gzip) { $0.file("zeros\(number)", [UInt8](repeating: 0, count: 4 << 20)) }
            })
        #expect(try StoreFixture(limits: limits(.inflatedBytes, 8 << 20)).error(zeros.source) == nil)
        let error = try StoreFixture(limits: limits(.inflatedBytes, 6 << 20)).error(zeros.source)
        #expect(
            error?.hasSuffix(": more than 6291456 bytes in the image that were compressed to less than a hundredth")
                == true)
    }

    @Test func `attributes are limited for the image, and nothing of it stays`() throws {
        let image = ImageBuilder(
            (0..<2).map { number in
                LayerBuilder {
                    $0.file("f\(number)", "", pax: ["SCHILY.xattr.user.x": String(repeating: "v", count: 1000)])
                }
            })
        let fixture = try StoreFixture(limits: limits(.attributeBytes, 2000))
        let error = fixture.error(image.source)
        #expect(error?.hasSuffix(": more than 2000 bytes of extended attributes in the image") == true)
        #expect(try fixture.listing().filter { $0.hasPrefix("trees/sha256/") || $0.hasPrefix("tmp/") } == [])
    }

    @Test func `the tree is limited also where its layers were there before`() throws {
        let layers = (0..<2).map { number in LayerBuilder { $0.file("f\(number)", "x") } }
        let fixture = try StoreFixture(limits: limits(.entries, 1))
        for layer in layers { #expect(fixture.error(ImageBuilder([layer]).source) == nil) }
        let error = fixture.error(ImageBuilder(layers).source)
        #expect(error == "layer \(layers[1].diffID): entry \"f1\": more than 1 entries in the image")
    }
}
