// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The same registry from both sides: what one pushed the other pulls, with the same digests.
@Suite(.enabled(if: DistributionServer.isInstalled))
struct RegistryInteropTests {
    /// skopeo's arguments for a registry with the demand.
    private func arguments(_ side: String, _ demand: DistributionServer.Demand) -> [String] {
        var arguments = ["--\(side)-tls-verify=false"]
        if case .nothing = demand { return arguments }
        arguments += ["--\(side)-creds", "me:secret"]
        return arguments
    }

    @Test(arguments: [DistributionServer.Demand.nothing, .passwordOverTLS, .token])
    func `skopeo and cimg read what the other wrote`(_ demand: DistributionServer.Demand) throws {
        let server = try DistributionServer(demand)
        let host = server.host
        let bench = try Sample.bench()
        if case .passwordOverTLS = demand {
            let authority = try String(contentsOfFile: server.authority, encoding: .utf8)
            bench.scratch.file("home/.config/containers/certs.d/\(host)/ca.crt", authority)
        }
        var skopeo = ["inspect", "--tls-verify=false"]
        switch demand {
        case .nothing: break
        case .passwordOverTLS, .token:
            skopeo += ["--creds", "me:secret"]
            try expect(bench.cimg("login", "--creds", "me:wrong", host).code, is: 2)
            try expect(bench.cimg("push", "-q", "new", "\(host)/app:1").code, is: 2)
            try expect(bench.cimg("login", "--creds", "me:secret", host).code, is: 0)
        }
        // Ours goes out, theirs reads it.
        try expect(bench.cimg("push", "-q", "new", "\(host)/app:1"), is: .success("\(Sample.new.digest)\n"))
        try DistributionServer.run(
            "skopeo",
            ["copy", "-q"] + arguments("src", demand) + ["docker://\(host)/app:1", "oci:\(bench.path)/theirs:1"])
        try expect(bench.cimg("inspect", "--raw", "oci:theirs:1").output, is: Sample.new.manifest.text)
        // Theirs goes out, ours reads it.
        try DistributionServer.run(
            "skopeo",
            ["copy", "-q"] + arguments("dest", demand) + ["oci:\(bench.path)/layout:old", "docker://\(host)/b:2"])
        try expect(bench.cimg("pull", "-q", "\(host)/b:2"), is: .success("\(Sample.old.digest)\n"))
        // The same words about it.
        let text = try DistributionServer.run("skopeo", skopeo + ["docker://\(host)/app:1"])
        let theirs = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let output = try bench.cimg("inspect", "docker://\(host)/app:1").output
        let ours = try #require(JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
        #expect(theirs.keys.count >= 10)
        for (key, value) in theirs {
            let mine = try #require(ours[key], "\(key)")
            #expect("\(value)" == "\(mine)", "\(key)")
        }
        try expect(bench.cimg("tags", "\(host)/app"), is: .success("1\n"))
        // From one repository to another nothing is sent.
        try expect(
            bench.cimg("copy", "-q", "docker://\(host)/app:1", "docker://\(host)/elsewhere:1"),
            is: .success("\(Sample.new.digest)\n"))
        try expect(bench.cimg("pull", "-q", "\(host)/elsewhere:1", "copied"), is: .success("\(Sample.new.digest)\n"))
        try expect(bench.cimg("fsck").code, is: 0)
    }
}
