// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Commands that look into an image of a registry may be told who asks, and that certificates do not matter.
@Suite(.timeLimit(.minutes(15))) struct RegistryOptionTests {
    private let registry = FakeRegistry()

    private func bench() -> Workbench {
        registry.add(Sample.new, to: "app", tag: "1")
        let password = "Basic " + Data("me:secret".utf8).base64EncodedString()
        registry.intercept { request in
            request.header("Authorization") == password
                ? nil : .init(401, headers: [("WWW-Authenticate", "Basic realm=\"x\"")])
        }
        return Workbench()
    }

    @Test(arguments: [
        ["check", "IMAGE"], ["layers", "IMAGE"], ["waste", "IMAGE"], ["du", "IMAGE"], ["lint", "IMAGE"],
        ["export", "IMAGE", "-o", "tree.tar"], ["import", "IMAGE", "mine"],
    ])
    func `a password and --tls-verify are taken`(_ arguments: [String]) throws {
        let bench = bench()
        let words = arguments.map { $0 == "IMAGE" ? "docker://\(registry.host)/app:1" : $0 }
        let refused = try bench.cimg(words)
        #expect(refused.code == 2 && refused.errors.contains("wants to know who asks"), "\(refused)")
        let taken = try bench.cimg(words + ["--creds", "me:secret", "--tls-verify=false"])
        #expect(taken.code < 2, "\(taken)")
    }
}
