// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import OCI
import Registry
import Sigstore
import SystemPackage
import TestSupport
import Testing
import Trust

@testable import Signatures

@Suite(.timeLimit(.minutes(15))) struct PolicyFilesTests {
    private let scratch = ScratchDirectory()
    private let accept = #"{"default":[{"type":"insecureAcceptAnything"}]}"#
    private let reject = #"{"default":[{"type":"reject"}]}"#

    private var settings: TrustSettings {
        TrustSettings(
            environment: UserEnvironment(
                ["HOME": "\(scratch.path)/home"], systemDirectory: scratch.path.appending("etc")))
    }

    @Test func `the user's policy counts instead of the machine's, and the one that is named instead of both`() throws {
        #expect(try settings.policy().policy == Policy([.insecureAcceptAnything]))
        #expect(try settings.policy().file == nil)
        scratch.directory("etc/containers")
        let machine = scratch.file("etc/containers/policy.json", reject)
        #expect(try settings.policy().policy == Policy([.reject]))
        #expect(try settings.policy().file == machine)
        scratch.directory("home/.config/containers")
        let user = scratch.file("home/.config/containers/policy.json", accept)
        #expect(try settings.policy().file == user)
        var named = settings
        named.policyFile = machine
        #expect(try named.policy().policy == Policy([.reject]))
        named.policyFile = scratch.path("none")
        #expect(throws: SignatureError("\(scratch.path)/none", "is not there")) { try named.policy() }
    }

    @Test func `a user's own policy begins with the machine's`() throws {
        scratch.directory("etc/containers")
        scratch.file("etc/containers/policy.json", reject)
        let files = try PolicyFile(settings, forUser: true)
        try PolicyFile.make(files.change(to: files.document()))
        #expect(try settings.policy().policy == Policy([.reject]))
        #expect(try settings.policy().file == settings.userPolicyPath)
        // From then on it is the user's alone.
        scratch.file("etc/containers/policy.json", accept)
        #expect(try PolicyFile(settings, forUser: true).document().text == files.document().text)
    }

    @Test func `a policy that cannot be read accepts nothing`() throws {
        scratch.directory("etc/containers/policy.json")
        #expect(throws: SignatureError("\(scratch.path)/etc/containers/policy.json", "is no regular file")) {
            try settings.policy()
        }
        var named = settings
        named.policyFile = scratch.file("broken", "{")
        #expect(throws: TrustError("invalid policy in \"\(scratch.path)/broken\": is not valid JSON")) {
            try named.policy()
        }
    }

    @Test func `signatures are read up to the first that is missing`() throws {
        let web = WebFiles(RegistrySettings(environment: UserEnvironment([:])))
        let store = SignatureStore(address: "file://\(scratch.path)/a%20b", web: web)
        #expect(try store.read() == [])
        let files: [SignatureFile] = [.simpleSigning([0xA0]), .simpleSigning([0xA1])]
        try store.add(files)
        try store.add([files[1], .simpleSigning([0xA2])])
        #expect(try store.read().map(\.name) == ["signature-1", "signature-2", "signature-3"])
        scratch.file("a b/signature-5", [0xA0])
        #expect(try store.read().count == 3)
        scratch.file("a b/signature-2", "no signature")
        #expect(
            throws: SignatureError(
                "\(store.address)/signature-2", "unrecognized signature format, starting with binary 6e6f207369676e6174"
            )
        ) { try store.read() }
        let remote = SignatureStore(address: "https://a.example/s", web: web)
        #expect(
            throws: SignatureError(
                "https://a.example/s",
                "Writing directly to a https lookaside URL is not supported. Configure a lookaside-staging: location")
        ) { try remote.add(files) }
        #expect(throws: SignatureError.self) { try SignatureStore(address: "ftp://a/b", web: web).read() }
    }

    @Test func `signatures on the web are there, not there, or trouble`() throws {
        let server = LoopbackServer { request in
            switch request.path {
            case "/s/signature-1", "/broken/signature-1": .init(200, body: [0xA0])
            case "/moved/signature-1": .init(302, headers: [("Location", "/s/signature-1")])
            case "/broken/signature-2": .init(503)
            default: .init(404)
            }
        }
        let web = WebFiles(RegistrySettings(environment: UserEnvironment([:])))
        func read(_ path: String) throws -> Int {
            try SignatureStore(address: "http://\(server.host)/\(path)", web: web).read().count
        }
        #expect(try read("s") == 1)
        #expect(try read("moved") == 1)
        #expect(try read("none") == 0)
        let error = #expect(throws: RegistryError.self) { try read("broken") }
        #expect(error?.description == "http://\(server.host)/broken/signature-2: \(server.host) answers 503")
    }

    @Test func `a change keeps the mode of the file and what it does not mean`() throws {
        scratch.directory("etc/containers")
        let path = scratch.file("etc/containers/policy.json", reject, mode: 0o600)
        let files = try PolicyFile(settings)
        var document = try files.document()
        document.set("a.example", of: "docker", [PolicyDocument.simple("insecureAcceptAnything")])
        try PolicyFile.make(files.change(to: document))
        #expect(try Descriptor.open(path, 0).status().st_mode & 0o777 == 0o600)
        #expect(
            try settings.policy().policy
                == Policy([.reject], transports: ["docker": ["a.example": [.insecureAcceptAnything]]]))
        let change = try files.storageChange("a.example/x", lookaside: "file:///s", staging: nil, attachments: true)
        #expect(change.path.lastComponent?.string == "a.example-x.yaml")
        try PolicyFile.make(change)
        let storage = try settings.storage()
        #expect(storage.address(for: try Reference(parsing: "a.example/x/y"), writing: true)?.address == "file:///s")
        scratch.file("etc/containers/registries.d/z.yaml", "docker:\n  b.example: {}\n")
        #expect(
            throws: SignatureError(
                "\(scratch.path)/etc/containers/registries.d/z.yaml",
                "says where signatures of b.example are; change it there")
        ) { try files.storageChange("b.example", lookaside: "file:///s", staging: nil, attachments: false) }
        #expect(try files.storageReset().count == 2)
        try PolicyFile.make(try #require(try files.storageRemoval("a.example/x")))
        #expect(try files.storageRemoval("a.example/x")?.path == nil)
    }
}
