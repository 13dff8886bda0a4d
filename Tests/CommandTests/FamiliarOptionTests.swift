// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import TestSupport
import Testing

@testable import CimgCommands
@testable import CommandCompletion

/// Options of podman, docker, skopeo and atomic.
@Suite(.timeLimit(.minutes(15))) struct FamiliarOptionTests {
    static let translated: [(String, String)] = [
        ("images -aq", "images -q"), ("images list -a --quiet", "images list --quiet"), ("rm -f a", "rm a"),
        ("images delete --force a", "images delete a"), ("images info -f a", "images info -f a"),
        ("inspect -f {{.Id}} a", "inspect --format {{.Id}} a"), ("inspect --type image a", "inspect a"),
        ("inspect --type=image a", "inspect a"), ("copy -a b c", "copy --all b c"),
        ("copy --src-tls-verify=false b c", "copy --tls-verify=false b c"),
        ("copy --override-os linux --override-arch arm64 b c", "copy --platform=linux/arm64 b c"),
        ("pull --arch=arm --variant v7 a", "pull --platform=linux/arm/v7 a"), ("diff -r a b", "diff --packages a b"),
        ("diff --semantic a b -- -r", "diff a b -- -r"), ("cp -a a:/x .", "cp a:/x ."), ("ls -a a", "ls -a a"),
        ("find a -type f", "find a -type f"), ("--help", "--help"),
    ]

    @Test(arguments: translated.indices) func `options become those of this program`(_ index: Int) throws {
        let (typed, expected) = Self.translated[index]
        let words = typed.split(separator: " ").map(String.init)
        #expect(try FamiliarOptions.translated(words).joined(separator: " ") == expected)
    }

    @Test func `before the command too`() throws {
        #expect(FamiliarArguments.normalized(["--debug", "images"]) == ["images", "-v"])
        #expect(
            FamiliarArguments.normalized(["--tls-verify=false", "--policy", "p", "copy", "a", "b"])
                == ["copy", "--tls-verify=false", "--policy", "p", "a", "b"])
        #expect(FamiliarArguments.normalized(["manifest", "inspect", "a"]) == ["inspect", "--raw", "a"])
    }

    @Test func `what there is not is told with what to do instead`() throws {
        let bench = try Sample.bench()
        try expect(
            bench.cimg("prune", "-a"),
            is: .trouble("prune: -a: images with names stay; \"cimg images delete --all\" takes all names away first"))
        try expect(
            bench.cimg("copy", "--format", "oci", "old", "oci:x:y"),
            is: .trouble("copy: --format: documents are copied as they are, so that digests stay"))
        try expect(bench.stored("").isEmpty, is: false)
        try expect(
            bench.cimg("mount", "--writable", "old", "mnt"),
            is: .trouble("mount: --writable: --rw makes a mount writable, --upper DIR keeps what is changed"))
        // The command first: what its options would be does not matter.
        try expect(
            bench.cimg("history", "--no-trunc", "old"),
            is: .usage("no command \"history\"; \"cimg inspect --history IMAGE\" shows it", help: "cimg help"))
        try expect(bench.cimg("cp", "store", "old:/x").code, is: 2)
    }

    @Test func `no option of a command is hidden by a rule`() throws {
        for (name, option) in FamiliarOptions.known {
            var command: any ParsableCommand.Type = CimgCommand.self
            for word in name.split(separator: " ") {
                let inner = command.configuration.subcommands.first { $0.configuration.commandName == String(word) }
                command = try #require(inner, "\(name)")
            }
            #expect(!CommandOption.all(of: command).contains { $0.names.contains(option) }, "\(name) \(option)")
        }
    }
}
