// SPDX-License-Identifier: Apache-2.0

import Console
import OCI

/// Options of podman, docker, skopeo and atomic that mean something here by another name, or go without saying; for those
/// that do not, a line that helps.
enum FamiliarOptions {
    /// What becomes of an option.
    private enum Effect {
        /// It is another option here.
        case means([String])
        /// Its value belongs to another option.
        case valueOf(String)
        /// What it asks for is so in any case.
        case isSo
        /// The same, and a value follows it.
        case isSoWithValue
        /// It does not exist; what to do instead.
        case told(String)
    }

    private static let platformParts = [
        "--os", "--arch", "--variant", "--override-os", "--override-arch", "--override-variant",
    ]

    private static let page: [String: Effect] = ["--html": .told("--format html makes a page")]

    private static let rules: [String: [String: Effect]] = [
        "images list": [
            "-a": .isSo, "--all": .isSo, "-aq": .means(["-q"]), "-qa": .means(["-q"]),
            "--digests": .told("the column DIGEST shows them; --no-trunc in full"),
            "--sort": .told("the order is that of names; sort(1) makes any other"),
        ],
        "rm": ["-f": .isSo, "--force": .isSo],
        "images delete": ["-f": .isSo, "--force": .isSo],
        "umount": [
            "-f": .told("nothing has to be forced; -l takes a mount out of sight that is in use"),
            "--force": .told("nothing has to be forced; -l takes a mount out of sight that is in use"),
        ],
        "prune": [
            "-f": .isSo, "--force": .isSo,
            "-a": .told("images with names stay; \"cimg images delete --all\" takes all names away first"),
            "--all": .told("images with names stay; \"cimg images delete --all\" takes all names away first"),
        ],
        "mount": [
            "--ro": .isSo, "--read-only": .isSo,
            "--writable": .told("--rw makes a mount writable, --upper DIR keeps what is changed"),
            "--read-write": .told("--rw makes a mount writable, --upper DIR keeps what is changed"),
        ],
        "cp": ["-a": .isSo, "--archive": .isSo],
        "copy": [
            "-a": .means(["--all"]), "--preserve-digests": .isSo, "--debug": .means(["-v"]),
            "--src-tls-verify": .valueOf("--tls-verify"), "--dest-tls-verify": .valueOf("--tls-verify"),
            "--format": .told("documents are copied as they are, so that digests stay"),
            "-f": .told("documents are copied as they are, so that digests stay"),
            "--dest-compress-format": .told("layers are copied as they are, so that digests stay"),
            "--dest-compress": .told("layers are copied as they are, so that digests stay"),
            "--multi-arch": .told("--all copies all platforms, --platform OS/ARCH one"),
            "--src-no-creds": .told("without credentials in a file none are sent; --authfile names another"),
            "--dest-no-creds": .told("without credentials in a file none are sent; --authfile names another"),
        ],
        "inspect": [
            "-f": .valueOf("--format"), "--type": .isSoWithValue, "--debug": .means(["-v"]),
            "-s": .told("the sizes are told of every container"),
            "--size": .told("the sizes are told of every container"),
        ],
        "pull": [
            "-a": .told("one tag at a time; \"cimg tags\" lists them, and --all means all platforms"),
            "--all-tags": .told("one tag at a time; \"cimg tags\" lists them"), "--disable-content-trust": .isSo,
        ],
        "push": ["--remove-signatures": .isSo, "--disable-content-trust": .isSo],
        "ps": [
            "-l": .told("all containers are listed; --format and sort(1) find the last"),
            "--latest": .told("all containers are listed; --format and sort(1) find the last"),
            "-s": .told("\"cimg inspect CONTAINER\" tells what a container takes"),
            "--size": .told("\"cimg inspect CONTAINER\" tells what a container takes"),
        ],
        "login": ["--get-login": .told("the file of credentials has it; --authfile says where that is")],
        "logout": [
            "-a": .told("one registry at a time"), "--all": .told("one registry at a time"),
        ],
        "layers": page, "waste": page, "check": page,
        "diff": [
            "--html": .told("--format html makes a page"),
            "-r": .means(["--packages"]), "--rpms": .means(["--packages"]), "-m": .means(["--config"]),
            "--metadata": .means(["--config"]),
            "-n": .told("--packages, --config and --history compare something else than files"),
            "--no-files": .told("--packages, --config and --history compare something else than files"),
            "--semantic": .isSo, "--ignore-timestamps": .isSo, "--ignore-file-timestamps": .isSo,
            "--ignore-image-timestamps": .isSo, "--ignore-history": .isSo, "--ignore-file-order": .isSo,
            "--ignore-tar-format": .isSo, "--ignore-image-name": .isSo, "--treat-canonical-paths-equal": .isSo,
            "--type": .told("without an option files are compared; --packages, --config and --history compare others"),
            "-t": .told("without an option files are compared; --packages, --config and --history compare others"),
            "-k": .told("--only FIELD,... says which fields count"),
            "--keywords": .told("--only FIELD,... says which fields count"),
        ],
    ]

    /// The commands and options that have a rule: for tests.
    static var known: [(command: String, option: String)] {
        rules.flatMap { command, options in options.keys.map { (command, $0) } }
    }

    /// The arguments with options of this program.
    ///
    /// - Throws: a `CommandError` with a line that helps.
    static func translated(_ arguments: [String]) throws -> [String] {
        guard let command = command(of: arguments) else { return arguments }
        let rules = rules[command.name] ?? [:]
        var result = Array(arguments.prefix(command.wordCount))
        var waiting = arguments.dropFirst(command.wordCount)
        var platform: [String: String] = [:]
        while let word = waiting.popFirst() {
            if word == "--" {
                result += [word] + waiting
                break
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let name = word.hasPrefix("--") ? parts.first ?? word : word
            if platformParts.contains(name),
                ["copy", "inspect", "pull", "import", "mount", "diff"].contains(command.name)
            {
                let part = String(name.split(separator: "-").last ?? "")
                if let value = parts.count > 1 ? parts[1] : waiting.popFirst() { platform[part] = value }
                continue
            }
            guard let effect = rules[name] else {
                result.append(word)
                continue
            }
            switch effect {
            case .means(let words): result += words
            case .valueOf(let option): result += parts.count > 1 ? ["\(option)=\(parts[1])"] : [option]
            case .isSo: break
            case .isSoWithValue: if parts.count == 1 { waiting = waiting.dropFirst() }
            case .told(let advice): throw CommandError("\(command.name): \(name): \(advice)")
            }
        }
        if !platform.isEmpty {
            let parts = [
                platform["os"] ?? "linux", platform["arch"] ?? Platform.host.architecture, platform["variant"],
            ]
            result.insert("--platform=\(parts.compactMap { $0 }.joined(separator: "/"))", at: command.wordCount)
        }
        return result
    }

    private static func command(of arguments: [String]) -> (name: String, wordCount: Int)? {
        guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
        guard first == "images" else { return (["unmount": "umount"][first] ?? first, 1) }
        guard arguments.count > 1, !arguments[1].hasPrefix("-"),
            ["list", "info", "version", "verify", "delete"].contains(arguments[1])
        else { return ("images list", 1) }
        return ("images " + arguments[1], 2)
    }
}
