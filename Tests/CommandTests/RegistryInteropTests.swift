// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The same registry from both sides: what one pushed the other pulls, with the same digests.
@Suite(.enabled(if: DistributionServer.isInstalled), .timeLimit(.minutes(15)))
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
        case .passwordOverTLS, .token, .certificate:
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

    private static let engineCases: [(EngineBench.Engine, DistributionServer.Demand)] =
        [EngineBench.Engine.podman, .docker].flatMap { engine in
            [DistributionServer.Demand.nothing, .passwordOverTLS, .token].map { (engine, $0) }
        }

    /// Docker takes any certificate of this machine.
    ///
    /// One after the other: an engine has the same image under all names, and takes it away with the last of them.
    @Test(.enabled(if: Requirements.engines), .serialized, arguments: engineCases.indices)
    func `engines and cimg read what the other wrote`(_ index: Int) throws {
        let (engine, demand) = Self.engineCases[index]
        let server = try DistributionServer(demand)
        let engines = EngineBench()
        let bench = try Sample.bench()
        bench.environment["XDG_RUNTIME_DIR"] = "\(bench.path)/run"
        let (ours, theirs) = ("\(server.host)/ours:1", "\(server.host)/theirs:1")
        defer { _ = try? engines.engine(engine, "rmi", "-f", ours, theirs) }
        let tls = ["--tls-verify=false"]
        let docker = ["--config", "\(bench.path)/docker"]
        bench.scratch.file("run/containers/auth.json", "{}")
        if case .nothing = demand {
        } else {
            let login = ["login", "-u", "me", "-p", "secret", server.host]
            try expect(bench.cimg(login + tls).code, is: 0)
            // podman finds what cimg keeps.
            if engine == .docker { try engines.engine(engine, docker + login) }
        }
        let access = ["--authfile", "\(bench.path)/run/containers/auth.json"]
        func run(_ verb: String, _ arguments: String...) throws {
            let words =
                engine == .docker ? docker + [verb] + arguments : [verb] + tls + access + arguments
            try engines.engine(engine, words)
        }
        func digest(_ name: String) throws -> String {
            let repository = name.dropLast(2)
            let text = try engines.engine(
                engine, "image", "inspect", "--format", "{{range .RepoDigests}}{{.}} {{end}}", name)
            return text.split(separator: " ").first { $0.hasPrefix("\(repository)@") }.map {
                String($0.dropFirst(repository.count + 1))
            } ?? text
        }
        try expect(bench.cimg(["push", "-q"] + tls + ["old", ours]), is: .success("\(Sample.old.digest)\n"))
        try run("pull", ours)
        try expect(digest(ours), is: "\(Sample.old.digest)")
        try engines.engine(engine, "tag", ours, theirs)
        try run("push", theirs)
        let pulled = try bench.cimg(["pull", "-q"] + tls + [theirs])
        if engine == .docker { try expect(pulled, is: .success(digest(theirs) + "\n")) }
        expect(pulled.code, is: 0)
        let listed = try bench.cimg(["inspect", "--format", "Digest"] + tls + ["docker://\(theirs)"])
        expect(pulled.output, is: listed.output)
        // Engines make manifests of their own, but of the same files.
        try expect(bench.cimg("diff", "old", theirs), is: .success())
        try expect(bench.cimg("fsck").code, is: 0)
    }
}
