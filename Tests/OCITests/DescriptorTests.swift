// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// What a descriptor says besides what it is of, and the digest of a document that has its signatures in itself.
@Suite(.timeLimit(.minutes(15))) struct DescriptorTests {
    private func descriptor(_ members: String) throws -> ContentDescriptor {
        let digest = Digest(of: Array("{}".utf8))
        let json = "{\"mediaType\":\"a/b\",\"digest\":\"\(digest)\",\"size\":2\(members)}"
        return try decode(ContentDescriptor.self, Array(json.utf8), name: "doc", limit: 1000)
    }

    @Test func `a blob in its descriptor is taken if it is what the descriptor says`() throws {
        #expect(try descriptor("").embedded == nil)
        #expect(try descriptor(",\"data\":\"e30=\"").embedded == Array("{}".utf8))
        for data in ["e30", "e34=", "e30g", "", "e30=e30="] {
            #expect(try descriptor(",\"data\":\"\(data)\"").embedded == nil, "\(data)")
        }
        #expect(throws: FormatError("doc", at: "data", "is not a string")) { try descriptor(",\"data\":[]") }
    }

    @Test(arguments: [
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", true),
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", true), (MediaType.layerGzip, false),
    ])
    func `a layer that is not to be distributed and has addresses is foreign`(_ type: String, _ isForeign: Bool) {
        var layer = ContentDescriptor(mediaType: type, digest: Digest(of: []), size: 0)
        #expect(!layer.isForeign)
        layer.urls = ["https://layers.example/a"]
        #expect(layer.isForeign == isForeign)
    }

    @Test func `the digest of a signed manifest of schema 1 is of what was signed`() throws {
        let document = #"{"schemaVersion":1,"name":"a"}"#
        // {"formatLength":29,"formatTail":"fQ"}
        let protected = "eyJmb3JtYXRMZW5ndGgiOjI5LCJmb3JtYXRUYWlsIjoiZlEifQ"
        func signed(_ protected: String) -> [UInt8] {
            Array((document.dropLast() + #","signatures":[{"protected":"\#(protected)"}]}"#).utf8)
        }
        #expect(Schema1.payload(signed(protected)) == Array(document.utf8))
        #expect(Schema1.payload(Array(document.utf8)) == nil)
        #expect(Schema1.payload(signed("e30")) == nil)
        // {"formatLength":999,"formatTail":"fQ"}, {"formatLength":-1,"formatTail":"fQ"}
        #expect(Schema1.payload(signed("eyJmb3JtYXRMZW5ndGgiOjk5OSwiZm9ybWF0VGFpbCI6ImZRIn0")) == nil)
        #expect(Schema1.payload(signed("eyJmb3JtYXRMZW5ndGgiOi0xLCJmb3JtYXRUYWlsIjoiZlEifQ")) == nil)
    }
}
