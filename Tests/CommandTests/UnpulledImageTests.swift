// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// Commands that need an image's documents as well as its files, of an image that only its registry has.
@Suite(.timeLimit(.minutes(15))) struct UnpulledImageTests {
    @Test(arguments: [
        "sbom IMAGE", "audit rules.yaml IMAGE", "scan --db list.json IMAGE", "repro OTHER IMAGE",
        "diff --config OTHER IMAGE", "diff --history OTHER IMAGE", "diff --all OTHER IMAGE",
        "diff --format html OTHER IMAGE",
    ])
    func `an image that nobody pulled is described as one that is stored`(_ command: String) throws {
        let registry = FakeRegistry()
        let host = registry.host
        registry.add(Sample.old, to: "app", tag: "old")
        registry.add(Sample.new, to: "app", tag: "new")
        let script = command.replacing("IMAGE", with: "docker://\(host)/app:new")
            .replacing("OTHER", with: "docker://\(host)/app:old")
        let outcomes = try [false, true].map { isStored in
            let bench = Workbench()
            bench.scratch.file("rules.yaml", "rules: [{id: tool, files: {path: /bin/tool}}]\n")
            bench.scratch.file("list.json", "[]")
            for name in ["old", "new"] where isStored {
                try expect(bench.cimg("pull", "-q", "\(host)/app:\(name)").code, is: 0)
            }
            return try bench.shell("cimg \(script)")
        }
        #expect(outcomes[0] == outcomes[1] && !outcomes[0].errors.contains("is not in the store"), "\(outcomes)")
    }

    @Test(arguments: ["missing", "never"])
    func `a registry's name is one of the store where the user says so`(_ policy: String) throws {
        let registry = FakeRegistry()
        let (host, old, bench) = (registry.host, Sample.old, Workbench())
        registry.add(old, to: "app", tag: "old")
        registry.add(Sample.new, to: "app", tag: "new")
        let name = "docker://\(host)/app:new"
        let absent = try bench.cimg("ls", "--pull", policy, name, "/etc")
        #expect(absent.code == (policy == "never" ? 2 : 0), "\(absent)")
        try expect(bench.cimg("pull", "-q", "docker://\(host)/app:old", "\(host)/app:new").code, is: 0)
        registry.intercept { _ in .init(500) }
        try expect(bench.cimg("cat", "--pull", policy, name, "/etc/name").output, is: "old\n")
        try expect(bench.cimg("diff", "--pull", policy, name, "\(host)/app:new"), is: .success())
        try expect(bench.cimg("inspect", "--pull", policy, "--raw", name), is: .success(old.manifest.text))
        let told = try bench.cimg("inspect", "--pull", policy, "--format", "{{.Digest}}", name)
        #expect(told.output == "\(old.digest)\n", "\(told)")
        // Without a policy it is the registry's, whatever the store has.
        try expect(bench.cimg("cat", name, "/etc/name").code, is: 2)
    }

    @Test(.enabled(if: Requirements.fuse), arguments: ["", "docker://"])
    func `a writable mount of an image that nobody pulled is committed`(_ transport: String) throws {
        let registry = FakeRegistry()
        let (host, bench) = (registry.host, Workbench())
        registry.add(Sample.new, to: "app", tag: "new")
        let name = "\(transport)\(host)/app:new"
        defer { _ = try? bench.cimg("umount", "mnt") }
        _ = bench.scratch.directory("mnt")
        try expect(bench.cimg("mount", "--rw", name, "mnt").code, is: 0)
        let committed = try bench.shell("echo hello >mnt/hello; cimg commit ./mnt mine")
        #expect(committed.code == 0 && committed.errors.isEmpty, "\(committed)")
        try expect(bench.cimg("diff", name, "mine").output, is: "A /hello\n")
    }
}
