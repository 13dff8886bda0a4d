// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import TestSupport
import Testing

@testable import CimgCommands
@testable import CommandCompletion

/// What shells offer for a word of a command line.
@Suite(.timeLimit(.minutes(15))) struct CompletionTests {
    private static func has(_ shell: String) -> Bool {
        ProcessInfo.processInfo.environment["CIMG_REQUIRE_ALL"] == "1"
            || FileManager.default.fileExists(atPath: "/usr/bin/\(shell)")
    }

    private func words(_ bench: Workbench, _ line: String..., shell: String = "zsh") throws -> [String] {
        let outcome = try bench.cimg(["__complete", shell] + line)
        #expect(outcome.code == 0 && outcome.errors.isEmpty, "\(outcome)")
        return outcome.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
    }

    @Test func `commands, their second words, and those of other tools`() throws {
        let bench = try Sample.bench()
        try expect(words(bench, "mo"), is: ["mount", "mounts"])
        try expect(words(bench, "images", "ver"), is: ["version", "verify"])
        try expect(words(bench, "image", "p"), is: ["prune", "pull", "push"])
        try expect(words(bench, "help", "fs"), is: ["fsck"])
        try expect(words(bench, "--ro"), is: ["--root"])
        try expect(words(bench, "nonsense", ""), is: [])
    }

    @Test func `names of the store, and sources`() throws {
        let bench = try Sample.bench()
        try expect(bench.cimg("tag", "old", "localhost:5000/team/app:1"), is: .success())
        try expect(words(bench, "mount", "n"), is: ["new"])
        try expect(words(bench, "-v", "mount", "--rw", "n"), is: ["new"])
        try expect(words(bench, "rm", "old", "l"), is: ["localhost:5000/team/app:1"])
        try expect(words(bench, "pull", "docker://l"), is: ["docker://localhost:5000/team/app:1"])
        try expect(words(bench, "tags", "localhost"), is: ["localhost:5000/team/app", "localhost:5000"])
        try expect(words(bench, "login", ""), is: ["localhost:5000"])
        try expect(words(bench, "mount", "oci:la"), is: ["oci:layout:"])
        try expect(words(bench, "mount", "oci:layout:n"), is: ["oci:layout:new"])
        try expect(words(bench, "import", "rootfs:m"), is: ["rootfs:mnt/"])
        // A second image is none that mount takes.
        try expect(words(bench, "mount", "old", "m"), is: ["mnt/"])
        try expect(words(bench, "mount", "old", "mnt", ""), is: [])
    }

    @Test func `options, and what they take`() throws {
        let bench = try Sample.bench()
        try expect(words(bench, "mount", "--ba"), is: ["--backend"])
        try expect(words(bench, "mount", "--backend", "k"), is: ["kernel"])
        try expect(words(bench, "mount", "--backend=k"), is: ["--backend=kernel"])
        try expect(words(bench, "diff", "--ignore", "mode,s"), is: ["mode,size"])
        try expect(words(bench, "cat", "--pull", "ne"), is: ["newer", "never"])
        try expect(words(bench, "images", "--qu"), is: ["--quiet"])
        try expect(words(bench, "images", "list", "--qu"), is: ["--quiet"])
        try expect(words(bench, "ls", "--root", "st"), is: ["store/"])
        try expect(words(bench, "--root", "st"), is: ["store/"])
        // Behind the end of options there are none.
        try expect(words(bench, "diff", "old", "--", "-"), is: [])
        try expect(words(bench, "diff", "--", "-"), is: [])
    }

    @Test func `a store that is not there is not made, and a damaged one is no trouble`() throws {
        let bench = Workbench()
        try expect(words(bench, "mount", "old"), is: [])
        try expect(bench.stored(""), is: [])
        let damaged = try Sample.bench()
        try Data("{".utf8).write(to: URL(fileURLWithPath: "\(damaged.path)/store/index.json"))
        try expect(words(damaged, "rm", ""), is: [])
    }

    /// A store that somebody else made, with names to be feared.
    private func hostile() throws -> Workbench {
        let bench = try Sample.bench()
        let path = URL(fileURLWithPath: "\(bench.path)/store/index.json")
        var text = try String(contentsOf: path, encoding: .utf8)
        text = text.replacing("\"old\"", with: #""ev$(touch pwned)il`touch pwned`;touch pwned'""#)
        text = text.replacing("\"new\"", with: #""es\u001b[31mcape""#)
        try text.write(to: path, atomically: true, encoding: .utf8)
        return bench
    }

    @Test func `bash quotes names, and takes words with colons whole`() throws {
        let bench = try hostile()
        let script = #"""
            cimg --generate-completion-script bash > cimg.bash
            bash -n cimg.bash
            mkdir bin; ln -s "$PROGRAM" bin/cimg
            cat > try.bash <<'END'
            PATH=$PWD/bin:$PATH
            source ./cimg.bash
            try() {
                COMP_LINE=$1 COMP_POINT=${#1}
                COMP_WORDS=("${@:2}") COMP_CWORD=$(($# - 2))
                _cimg
                printf '%s\n' "${COMPREPLY[@]}"
            }
            try 'cimg mount e' cimg mount e
            try 'cimg mount oci:layout:n' cimg mount oci : layout : n
            try 'cimg mount --backend=k' cimg mount --backend = k
            mkdir 'my dir'
            try 'cimg mount rootfs:my\ ' cimg mount rootfs : 'my\ '
            try 'cimg mount "e' cimg mount '"e'
            eval "echo $(try 'cimg mount e' cimg mount e)"
            END
            bash try.bash
            """#
        let outcome = try bench.shell("PROGRAM='\(Workbench.builtProgram)'\n" + script)
        let name = "ev$(touch pwned)il`touch pwned`;touch pwned'"
        expect(
            outcome,
            is: .success(
                #"ev\$\(touch\ pwned\)il\`touch\ pwned\`\;touch\ pwned\'"# + "\nnew\nkernel\nmy\\ dir/\n\n\(name)\n"))
        #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/pwned"))
    }

    @Test(.enabled(if: has("fish")))
    func `fish offers the same, with what it is`() throws {
        let bench = try hostile()
        let script = #"""
            cimg --generate-completion-script fish > cimg.fish
            mkdir bin; ln -s "$PROGRAM" bin/cimg
            PATH=$PWD/bin:$PATH HOME=$PWD fish -c 'source cimg.fish
                for line in "cimg mount e" "cimg mount oci:layout:n" "cimg fs"; complete -C $line; end'
            """#
        let outcome = try bench.shell("PROGRAM='\(Workbench.builtProgram)'\n" + script)
        expect(
            outcome,
            is: .success(
                "ev$(touch pwned)il`touch pwned`;touch pwned'\noci:layout:new\nfsck\tVerify every digest of the store\n"
            ))
        #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/pwned"))
    }

    @Test(.enabled(if: has("zsh")))
    func `zsh puts a name into the line that stands for itself`() throws {
        let bench = try hostile()
        // A terminal of its own, as completion is for one.
        let script = #"""
            cimg --generate-completion-script zsh > _cimg
            zsh -n _cimg
            mkdir bin; ln -s "$PROGRAM" bin/cimg
            cat > .zshrc <<'END'
            autoload -Uz compinit; compinit -u -D; source ./_cimg
            show() { print -r -- "$BUFFER" >> seen; BUFFER= }
            zle -N show; bindkey '^Y' show
            END
            cat > try.zsh <<'END'
            zmodload zsh/zpty
            zpty shell zsh -i
            for line in 'cimg mount ev' 'cimg mount oci:layout:n' 'cimg fs' 'cimg mount --back'; do
                zpty -w -n shell "$line"$'\t\x19'
            done
            until [[ -f seen && $(wc -l < seen) -ge 4 ]]; do zpty -r -t shell text || sleep 0.1; done
            zpty -d shell
            END
            PATH=$PWD/bin:$PATH ZDOTDIR=$PWD HOME=$PWD TERM=xterm timeout 60 zsh -f try.zsh
            cat seen
            """#
        let outcome = try bench.shell("PROGRAM='\(Workbench.builtProgram)'\n" + script)
        expect(
            outcome,
            is: .success(
                #"cimg mount ev\$\(touch\ pwned\)il\`touch\ pwned\`\;touch\ pwned\' "# + "\n"
                    + "cimg mount oci:layout:new \ncimg fsck \ncimg mount --backend \n"))
        #expect(!FileManager.default.fileExists(atPath: "\(bench.path)/pwned"))
    }

    @Test func `every option that help knows is known, and every positional argument of a command`() throws {
        func leaves(_ command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
            let inner = command.configuration.subcommands.filter { $0.configuration.shouldDisplay }
            return inner.isEmpty ? [command] : inner.flatMap(leaves)
        }
        struct Dump: Decodable {
            struct Argument: Decodable {
                struct Name: Decodable {
                    var kind: String
                    var name: String
                }
                var kind: String
                var names: [Name]?
                var shouldDisplay: Bool
                var valueName: String?
            }
            struct Command: Decodable { var arguments: [Argument]? }
            var command: Command
        }
        for command in leaves(CimgCommand.self) {
            let dump = try JSONDecoder().decode(Dump.self, from: Data(command._dumpHelp().utf8))
            let arguments = (dump.command.arguments ?? []).filter(\.shouldDisplay)
            let options = CommandOption.all(of: command)
            for argument in arguments where argument.kind != "positional" {
                for name in argument.names ?? [] {
                    let spelled = (name.kind == "long" ? "--" : "-") + name.name
                    let found = options.first { $0.names.contains(spelled) }
                    #expect(found != nil, "\(command): \(spelled)")
                    #expect((found?.value != nil) == (argument.kind == "option"), "\(command): \(spelled)")
                }
            }
            let hasPositionals = arguments.contains { $0.kind == "positional" }
            #expect((CompletionKind.positionals[String(describing: command)] != nil) == hasPositionals, "\(command)")
        }
    }

    @Test func `quoting of a word is taken away as a shell does`() {
        #expect(ShellWord(#"my\ dir"#).text == "my dir")
        #expect(ShellWord(#""my dir"#).text == "my dir")
        #expect(ShellWord(#"'a\b'"c\"d""#).text == #"a\bc"d"#)
        #expect(ShellWord("a\\").text == "a")
    }
}
