// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import Sigstore
import TestSupport
import Testing

@testable import SigningCommands

/// What is printed of that which is kept beside images.
@Suite(.timeLimit(.minutes(15))) struct AttachmentOutputTests {
    @Test func `inspect tells tags in order, those of signatures last`() throws {
        let registry = FakeRegistry()
        let digest = "sha256-\(Sample.new.digest.hex)"
        registry.add(Sample.new, to: "app", tag: "new")
        for tag in ["\(digest).sig", "Z", "\(digest)", "sha256-1.sig", "1.10", "\(digest).att", "old"] {
            registry.add(Sample.old, to: "app", tag: tag)
        }
        let outcome = try Workbench().cimg("inspect", "docker://\(registry.host)/app:new")
        let object = try #require(
            JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any])
        #expect(
            object["RepoTags"] as? [String] == [
                "1.10", "Z", "new", "old", "sha256-1.sig", "\(digest)", "\(digest).att", "\(digest).sig",
            ])
    }

    @Test func `an attestation is printed as its envelope, its statement or its predicate`() throws {
        let statement = #"{"predicate":{"a":[1,"b"]},"predicateType":"x"}"#
        let envelope = Envelope(payloadType: "t", payload: Array(statement.utf8), signature: [1])
        #expect(try AttestationOutput.json.value(of: envelope) == envelope.value)
        func text(_ form: AttestationOutput) throws -> String {
            String(decoding: try form.value(of: envelope).compactJSON(), as: UTF8.self)
        }
        #expect(try text(.statement) == statement)
        #expect(try text(.predicate) == #"{"a":[1,"b"]}"#)
        let empty = Envelope(payloadType: "t", payload: Array("{}".utf8), signature: [1])
        #expect(throws: (any Error).self) { try AttestationOutput.predicate.value(of: empty) }
    }
}
