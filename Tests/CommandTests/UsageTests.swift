// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Wrong arguments, and the texts that tell the right ones.
@Suite(.timeLimit(.minutes(15))) struct UsageTests {
    static let commands = [
        "import", "pull", "push", "copy", "tags", "login", "logout", "images", "images list", "images version",
        "images info", "images verify", "images delete", "inspect", "trust", "trust show", "trust check",
        "trust default", "trust add", "trust delete", "trust reset", "sign", "verify", "triangulate",
        "generate-key-pair", "import-key-pair", "public-key", "tree", "attest", "verify-attestation", "verify-blob",
        "tag", "rm", "mount",
        "umount", "mounts", "ps", "overlay", "diff", "ls", "cat", "cp", "find", "packages", "sbom", "scan",
        "db", "db show", "db update", "prune", "fsck",
        "layers", "waste", "check", "du", "lint", "explore", "test", "repro", "commit", "export", "audit",
    ]

    static let wrong: [(arguments: [String], expected: Outcome)] = [
        (["imges"], .usage("no command \"imges\"; did you mean \"images\"?", help: "cimg help")),
        (["frobnicate", "x"], .usage("no command \"frobnicate\"", help: "cimg help")),
        (["help", "mout"], .usage("no command \"mout\"; did you mean \"mount\"?", help: "cimg help")),
        (["--bogus"], .usage("unknown option '--bogus'", help: "cimg help")),
        (["-v"], .usage("unknown option '-v'", help: "cimg help")),
        (["images", "--jsn"], .usage("unknown option '--jsn'. Did you mean '--json'?", help: "cimg help images list")),
        (
            ["images", "old"],
            .usage(
                "unexpected argument 'old'; \"cimg images --filter name=old\" lists those",
                help: "cimg help images list")
        ),
        (
            ["images", "oci:a:1"],
            .usage(
                "unexpected argument 'oci:a:1'; \"cimg images --in oci:a\" lists what is there",
                help: "cimg help images list")
        ),
        (
            ["images", "docker-daemon:"],
            .usage(
                "unexpected argument 'docker-daemon:'; \"cimg images --in docker-daemon:\" lists what is there",
                help: "cimg help images list")
        ),
        (
            ["images", "docker://a.example/b"],
            .usage(
                "unexpected argument 'docker://a.example/b'; \"cimg tags docker://a.example/b\" lists its tags",
                help: "cimg help images list")
        ),
        (
            ["tags", "oci:a:1"],
            .trouble("\"oci:a:1\": is in no registry; \"cimg images --in oci:a\" lists what is there")
        ),
        (
            ["tags", "registry-dir:a//b"],
            .trouble(
                "\"registry-dir:a//b\": is in no registry; \"cimg images --in registry-dir:a\" lists what is there")
        ),
        (["pkgs", "a"], .usage("no command \"pkgs\"; did you mean \"packages\"?", help: "cimg help")),
        (["qwgs"], .usage("no command \"qwgs\"", help: "cimg help")),
        (["diff", "--html", "a", "b"], .trouble("diff: --html: --format html makes a page")),
        (["layers", "a", "--html"], .trouble("layers: --html: --format html makes a page")),
        (
            ["test", "cst.yaml", "a"],
            .usage("unexpected argument 'a'; files of tests are named with -c FILE", help: "cimg help test")
        ),
        (["import"], .usage("missing expected argument '<source>'", help: "cimg help import")),
        (["import", "a", "b", "c", "d"], .usage("2 unexpected arguments: 'c', 'd'", help: "cimg help import")),
        (
            ["inspect", "--platform"],
            .usage("missing value for '--platform <os/arch[/variant]>'", help: "cimg help inspect")
        ),
        (["tag", "a"], .usage("missing expected argument '<name>'", help: "cimg help tag")),
        (["tag", "a", "b", "c\u{1B}["], .usage("unexpected argument 'c\\u{1b}['", help: "cimg help tag")),
        (["rm"], .usage("missing expected argument '<names> ...'", help: "cimg help rm")),
        (
            ["mount"],
            .usage(
                "missing expected argument '<object>'; \"cimg mounts\" lists what is mounted", help: "cimg help mount")
        ),
        (
            ["prune", "--json=x"],
            .usage("the option '--json' does not take any value, but 'x' was specified", help: "cimg help prune")
        ),
        (["images", "--json", "--quiet"], .trouble("--json and --quiet exclude each other")),
        (["trust", "default", "maybe"], .trouble("invalid choice: maybe (choose from 'accept', 'reject')")),
        (["trust", "add", "a.example"], .trouble("at least one public key must be defined for type 'signedBy'")),
        (
            ["trust", "add", "-t", "x", "a.example"],
            .trouble("invalid choice: x (choose from 'accept', 'reject', 'signedBy', 'sigstoreSigned')")
        ),
        (
            ["trust", "add", "-t", "reject", "-f", "k", "a.example"],
            .trouble("1 public key unexpectedly provided for trust type reject")
        ),
        (["trust", "add", "-f", "none", "a.example"], .trouble("none: no such file")),
        (["trust", "check"], .usage("missing expected argument '<images> ...'", help: "cimg help trust check")),
        (["sign", "a/b:1"], .trouble("give a key: --key FILE, or --sign-by for one of gpg")),
        (["sign", "--key", "none", "a.example/b:1"], .trouble("none: is not there")),
        (
            ["sign", "--key", "none", "--tlog-upload", "true", "a.example/b:1"],
            .trouble("--tlog-upload: signatures are not sent to a transparency log; give false")
        ),
        (
            ["verify", "a/b:1"],
            .trouble("give a key: --key FILE, or --certificate-identity and --certificate-oidc-issuer")
        ),
        (
            ["verify", "--certificate-identity", "a", "a/b:1"],
            .trouble("--certificate-identity and --certificate-oidc-issuer go together")
        ),
        (
            ["verify", "--certificate-identity", "a", "--certificate-oidc-issuer", "b", "a/b:1"],
            .trouble("--trusted-root: give the file that says which authorities make certificates")
        ),
        (
            ["attest", "--predicate", "none", "--type", "x", "a.example/b:1"],
            .trouble(
                "--type \"x\": give a URI, or one of custom, slsaprovenance, slsaprovenance02, slsaprovenance1, spdx, spdxjson, cyclonedx, link, vuln, openvex"
            )
        ),
        (["tree"], .usage("missing expected argument '<image>'", help: "cimg help tree")),
        (
            ["verify-blob", "--key", "k", "f"],
            .usage("missing expected argument '--bundle <file>'", help: "cimg help verify-blob")
        ),
        (["verify", "--key", "none", "a.example/b:1"], .trouble("none: is not there")),
        (["verify", "--key", "k"], .usage("missing expected argument '<images> ...'", help: "cimg help verify")),
        (["triangulate"], .usage("missing expected argument '<image>'", help: "cimg help triangulate")),
        (["import-key-pair"], .usage("missing expected argument '--key <file>'", help: "cimg help import-key-pair")),
        (["import-key-pair", "--key", "none"], .trouble("none: is not there")),
        (["public-key"], .trouble("--key: give a private key")),
        (["push", "--sign-identity", "a", "b"], .trouble("--sign-identity: is of no use without --sign-by")),
        (["inspect", "--raw", "--config", "x"], .trouble("--raw and --config exclude each other")),
    ]

    @Test(arguments: wrong.indices)
    func `wrong arguments are a line, a hint and exit code 2`(_ index: Int) throws {
        let bench = Workbench()
        let (arguments, expected) = Self.wrong[index]
        try expect(bench.cimg(arguments), is: expected, "\(arguments)")
        try expect(bench.stored(""), is: [])
    }

    @Test func `no arguments at all are answered with help on standard error`() throws {
        let bench = Workbench()
        try expect(bench.cimg(), is: Outcome(2, errors: bench.cimg("--help").output))
    }

    @Test func `the version is a line`() throws {
        let outcome = try Workbench().cimg("--version")
        #expect(outcome.code == 0)
        #expect(outcome.errors == "")
        #expect(outcome.output.wholeMatch(of: /[0-9]+\.[0-9]+\.[0-9]+\n/) != nil)
    }

    @Test(arguments: [["--version", "-v"], ["-v", "--version"], ["--version", "--verbose"]])
    func `the version with -v names the commit and what the program runs with`(_ arguments: [String]) throws {
        let bench = Workbench()
        let outcome = try bench.cimg(arguments)
        #expect(outcome.code == 0)
        #expect(outcome.errors == "")
        let lines = outcome.output.split(separator: "\n")
        let version = try bench.cimg("--version").output.dropLast()
        #expect(lines.first?.split(separator: " ") == ["cimg", version])
        let names = lines.map { String($0.prefix { $0 != " " }) }
        let libraries = ["Linux", "glibc", "libfuse", "zlib", "zstd", "libcurl"]
        #expect(names.filter { $0 != "ISA-L" } == ["cimg", "commit"] + libraries)
        // Versions of the libraries are numbers, and were asked for.
        for line in lines.dropFirst(3) {
            #expect(line.wholeMatch(of: /[A-Za-z-]+ +[0-9]+\.[0-9]+.*/) != nil, "\(line)")
        }
    }

    /// Texts that are compared with files in `Snapshots`.
    ///
    /// `CIMG_RECORD=1` writes the files anew.
    @Test(arguments: ["cimg"] + commands)
    func `help reads as it was reviewed`(_ command: String) throws {
        let bench = Workbench()
        let outcome =
            try command == "cimg"
            ? bench.cimg("--help") : bench.cimg(["help"] + command.split(separator: " ").map(String.init))
        #expect(outcome.code == 0)
        #expect(outcome.errors == "")
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Snapshots/\(command.replacing(" ", with: "-")).txt")
        if ProcessInfo.processInfo.environment["CIMG_RECORD"] == "1" {
            try outcome.output.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(try outcome.output == String(contentsOf: file, encoding: .utf8))
        #expect(outcome.output.split(separator: "\n").allSatisfy { !$0.hasSuffix(" ") })
        #expect(outcome.output.split(separator: "\n").filter { $0.count > 80 } == [])
    }

    @Test(arguments: commands.filter { $0 != "mounts" && $0 != "umount" })
    func `the help of every command has an example and its exit codes`(_ command: String) throws {
        let text = try Workbench().cimg(["help"] + command.split(separator: " ").map(String.init)).output
        #expect(text.contains("  cimg \(command)"))
        #expect(text.contains("Exit status: 0 "))
    }
}
