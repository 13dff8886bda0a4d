// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing

/// `--format` of `inspect`, `images` and `mounts`, and what `inspect` shows of a full configuration.
@Suite(.timeLimit(.minutes(15))) struct FormatTests {
    /// An image with everything that a configuration may say.
    private static let full: ImageBuilder = {
        var image = Sample.old
        image.configuration["config"] = [
            "User": "app", "ExposedPorts": ["8080/udp": [:], "443/tcp": [:]], "Env": ["PATH=/bin", "A=b c"],
            "Entrypoint": ["/bin/sh", "-c"], "Cmd": ["echo \"hi\""], "Volumes": ["/data": [:]], "WorkingDir": "/w",
            "Labels": ["key": "value", "org.x.version": "1.2"], "StopSignal": "SIGQUIT", "Shell": ["/bin/bash"],
            "Healthcheck": ["Test": ["CMD", "true"], "Interval": 30_000_000_000, "Retries": 3], "Hostname": "h",
        ]
        return image
    }()

    /// An image with wrong types in fields that nobody needs.
    private static let wrong: ImageBuilder = {
        var image = Sample.old
        image.configuration["config"] = [
            "User": "app", "ExposedPorts": ["80"], "Volumes": 7, "StopSignal": 15, "Healthcheck": [1], "Shell": [:],
        ]
        return image
    }()

    /// A bench whose store has both as `local/full:1` and `wrong`.
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(full, tag: "full")
            $0.image(wrong, tag: "wrong")
        }.write(to: bench.scratch)
        try expect(bench.cimg("import", "oci:layout:full", "local/full:1").code, is: 0)
        try expect(bench.cimg("import", "oci:layout:wrong", "wrong").code, is: 0)
        return bench
    }

    private static func format(_ bench: Workbench, _ template: String, _ image: String = "local/full:1") throws
        -> String
    {
        let outcome = try bench.cimg("inspect", "--format", template, image)
        return outcome.code == 0 ? outcome.output : outcome.errors
    }

    @Test func `inspect answers templates of docker, podman and skopeo`() throws {
        let bench = try Self.bench()
        let id = Digest(of: Self.full.configuration.bytes)
        let layer = Sample.base
        for (template, result) in [
            ("{{.Id}} {{.Architecture}}/{{.Os}} {{.Created}}", "\(id) amd64/linux 2024-05-06T07:08:09Z"),
            ("{{.ID}}", id.hex), ("{{.Digest}}", "\(Self.full.digest)"), ("Digest", "\(Self.full.digest)"),
            ("{{.RepoTags}} {{.RepoDigests}}", "[local/full:1] [local/full@\(Self.full.digest)]"),
            ("{{.Size}}", "\(layer.blob.count)"),
            ("{{.RootFS.Type}} {{join .RootFS.Layers \",\"}}", "layers \(layer.diffID)"),
            ("{{index .Layers 0}}", "\(layer.digest)"), ("{{json .Config.Entrypoint}}", #"["/bin/sh","-c"]"#),
            ("{{json .Config.Cmd}}", #"["echo \"hi\""]"#), ("{{.Config.Env}}", "[PATH=/bin A=b c]"),
            ("{{range .Config.Env}}{{println .}}{{end}}", "PATH=/bin\nA=b c"), ("Env", "PATH=/bin\nA=b c"),
            ("{{range $p, $_ := .Config.ExposedPorts}}{{$p}} {{end}}", "443/tcp 8080/udp "),
            ("{{.Config.ExposedPorts}} {{json .Config.Volumes}}", #"map[443/tcp:{} 8080/udp:{}] {"/data":{}}"#),
            (#"{{index .Config.Labels "org.x.version"}} {{.Config.Labels.org.x.version}}"#, "1.2 1.2"),
            ("{{.Labels.key}} {{len .Labels}} {{.Labels.nope}}", "value 2 <no value>"), ("Labels.org.x.version", "1.2"),
            ("{{.Config.User}} {{.User}} {{.Config.WorkingDir}} {{.Config.StopSignal}}", "app app /w SIGQUIT"),
            ("{{.Config.Shell}} {{.Config.OnBuild}} {{.Config.Hostname}}", "[/bin/bash] [] h"),
            ("{{with .Config.Healthcheck}}{{.Test}} {{.Retries}}{{end}}", "[CMD true] 3"),
            (#"{{.Os}}\t{{.Architecture}}"#, "linux\tamd64"),
        ] { try expect(Self.format(bench, template), is: result + "\n", template) }
        #expect(try Self.format(bench, "json").hasPrefix(#"{"Id":"\#(id)","RepoTags":["local/full:1"],"#))
    }

    @Test func `a template that cannot be filled in says what there is`() throws {
        let bench = try Self.bench()
        try expect(
            Self.format(bench, "{{.Config.Ports}}"),
            is: #"cimg: --format: {{.Config.Ports}}: there is no field "Ports"; there are User, ExposedPorts, Env, "#
                + "Entrypoint, Cmd, Volumes, WorkingDir, Labels, StopSignal, Healthcheck, Shell, OnBuild\n")
        try expect(
            Self.format(bench, "Nope").hasPrefix(#"cimg: --format: there is no field "Nope"; there are Id, "#), is: true
        )
        try expect(Self.format(bench, "{{.Id"), is: "cimg: --format: {{.Id: the action has no \"}}\"\n")
        try expect(
            bench.cimg("images", "--format", "{{if}}"), is: .trouble("--format: {{if}}: a value is missing"))
        try expect(bench.cimg("mounts", "--format", "{{x}}").code, is: 2)
    }

    @Test func `inspect shows ports, volumes, healthcheck and commands as they are written`() throws {
        let bench = try Self.bench()
        let text = try bench.cimg("inspect", "local/full:1").output
        for line in [
            #"Entrypoint:   ["/bin/sh","-c"]"#, #"Cmd:          ["echo \"hi\""]"#, "Env:          PATH=/bin",
            "Env:          A=b c", "User:         app", #"Ports:        ["443/tcp","8080/udp"]"#,
            #"Volumes:      ["/data"]"#, #"Shell:        ["/bin/bash"]"#, "StopSignal:   SIGQUIT",
            #"Healthcheck:  ["CMD","true"], every 30s, retries 3"#, "Label:        org.x.version=1.2",
        ] { #expect(text.contains("\n\(line)\n"), "\(line)") }
        let json = try bench.cimg("inspect", "--json", "local/full:1").output
        #expect(json.contains("\"exposed_ports\": [\n      \"443/tcp\",\n      \"8080/udp\"\n    ],"))
        #expect(json.contains(#""stop_signal": "SIGQUIT""#))
    }

    @Test func `wrong types in fields that nobody needs make no image unreadable`() throws {
        let bench = try Self.bench()
        let text = try bench.cimg("inspect", "wrong").output
        for line in [#"Ports:        ["80"]"#, "Volumes:      7", "StopSignal:   15", "Healthcheck:  [1]"] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
        try expect(bench.cimg("inspect", "--json", "wrong").output.contains("\"volumes\": 7,"), is: true)
        try expect(
            Self.format(bench, "{{.Config.Volumes}} {{json .Config.Healthcheck}} {{.Config.User}}", "wrong"),
            is: "7 [1] app\n")
    }

    @Test func `images and mounts are listed by templates`() throws {
        let bench = try Self.bench()
        let id = Digest(of: Self.full.configuration.bytes).hex.prefix(12)
        let size = "\(Sample.base.blob.count) B"
        try expect(
            bench.cimg(
                "images", "--filter", "tag=1", "--format", "{{.Repository}}:{{.Tag}} {{.ID}} {{.Size}} {{.CreatedAt}}"),
            is: .success("local/full:1 \(id) \(size) 2024-05-06 07:08:09 +0000 UTC\n"))
        try expect(
            bench.cimg("images", "--format", #"table {{.Repository}}\t{{.Tag}}\t{{.Digest}}"#),
            is: .success(
                """
                REPOSITORY  TAG     DIGEST
                local/full  1       \(Self.full.digest)
                wrong       <none>  \(Self.wrong.digest)

                """))
        try expect(
            bench.cimg("images", "--in", "oci:layout", "--format", "{{.Name}} {{.Size}}"),
            is: .success("full N/A\nwrong N/A\n"))
        let since = try bench.cimg("images", "--filter", "tag=1", "--format", "{{.CreatedSince}}").output
        #expect(since.hasSuffix(" ago\n"))
        try expect(
            bench.cimg("mounts", "--format", #"table {{.Mountpoint}}\t{{.State}}"#).output.hasPrefix("MOUNTPOINT"),
            is: true)
    }
}
