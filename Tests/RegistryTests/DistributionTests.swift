// SPDX-License-Identifier: Apache-2.0

import Foundation
import LayerStore
import OCI
import TestSupport
import Testing

@testable import Registry

/// The registry that everybody has, and skopeo on its other side.
@Suite(.enabled(if: DistributionServer.isInstalled), .timeLimit(.minutes(15)))
struct DistributionTests {
    private let image = RegistrySample.image

    private func layout(_ scratch: ScratchDirectory) {
        OCILayoutBuilder { $0.image(image, tag: "1") }.write(to: scratch)
    }

    @Test func `what skopeo pushed is pulled with its digests`() throws {
        let server = try DistributionServer()
        let fixture = try PullFixture()
        layout(fixture.scratch)
        try DistributionServer.run(
            "skopeo",
            [
                "copy", "-q", "--dest-tls-verify=false", "oci:\(fixture.scratch.path)/layout:1",
                "docker://\(server.host)/a/b:1",
            ])
        let stored = try fixture.pull("\(server.host)/a/b:1")
        #expect(stored.manifestDigest == image.digest)
        #expect(try fixture.store.fsck(repairs: false).problems == [])
    }

    @Test func `a password over TLS of an own authority`() throws {
        let server = try DistributionServer(.passwordOverTLS)
        var fixture = try PullFixture()
        layout(fixture.scratch)
        try DistributionServer.run(
            "skopeo",
            [
                "copy", "-q", "--dest-tls-verify=false", "--dest-creds", "me:secret",
                "oci:\(fixture.scratch.path)/layout:1", "docker://\(server.host)/app:1",
            ])
        let text = "\(server.host)/app:1"
        #expect(
            fixture.error(text, at: server.host)
                == "registry $: its certificate is of an unknown authority or not valid; put its authority's "
                + "certificate into /etc/containers/certs.d/$/ca.crt, or use --tls-verify=false")
        let authority = try String(contentsOfFile: server.authority, encoding: .utf8)
        fixture.scratch.file("etc/containers/certs.d/\(server.host)/ca.crt", authority)
        #expect(
            fixture.error(text, at: server.host)
                == "docker://$/app:1: $ wants to know who asks; log in with \"cimg login $\" or give --creds, or check "
                + "the name")
        fixture.settings.credentials.given = try Credential(parsing: "me:wrong")
        #expect(
            fixture.error(text, at: server.host)
                == "docker://$/app:1: $ refuses this user and password; give others")
        fixture.settings.credentials.given = try Credential(parsing: "me:secret")
        #expect(try fixture.pull(text).manifestDigest == image.digest)
        // The same without the authority, but without asking who it is.
        try FileManager.default.removeItem(
            atPath: "\(fixture.scratch.path)/etc/containers/certs.d/\(server.host)/ca.crt")
        fixture.settings.verifiesTLS = false
        #expect(try fixture.pull(text).manifestDigest == image.digest)
    }

    @Test func `a registry that wants a certificate is shown ours`() throws {
        let server = try DistributionServer(.certificate)
        let fixture = try PullFixture()
        let place = "etc/containers/certs.d/\(server.host)"
        func copy(_ file: String, as name: String) throws {
            fixture.scratch.file(
                "\(place)/\(name)", try String(contentsOfFile: "\(server.scratch.path)/\(file)", encoding: .utf8))
        }
        let text = "\(server.host)/app:1"
        try copy("ca.crt", as: "ca.crt")
        #expect(
            fixture.error(text, at: server.host)
                == "registry $: it wants a certificate of ours that it accepts; put one and its key into "
                + "/etc/containers/certs.d/$ as client.cert and client.key")
        try copy("server.crt", as: "client.cert")
        #expect(
            fixture.error(text, at: server.host)?.hasSuffix("client.cert: has no key beside it: client.key") == true)
        try copy("server.key", as: "client.key")
        #expect(fixture.error(text, at: server.host)?.contains("MANIFEST_UNKNOWN") == true)
    }
}
