// SPDX-License-Identifier: Apache-2.0

/// Arguments as users of other tools type them, brought into the form that the commands here have.
enum FamiliarArguments {
    /// Options that may stand before the command, and whether a value follows.
    private static let global: [String: Bool] = [
        "--root": true, "-v": false, "--verbose": false, "--debug": false, "--policy": true, "--insecure-policy": false,
        "--registries.d": true, "--tls-verify": false, "--override-os": true, "--override-arch": true,
        "--override-variant": true,
    ]

    /// Commands of docker and podman of two words.
    private static let pairs: [String: [String: [String]]] = [
        "image": [
            "ls": ["images", "list"], "list": ["images", "list"], "inspect": ["inspect"], "rm": ["rm"],
            "pull": ["pull"], "push": ["push"], "tag": ["tag"], "prune": ["prune"], "mount": ["mount"],
            "umount": ["umount"], "unmount": ["umount"], "diff": ["diff"], "history": ["inspect", "--history"],
            "tags": ["tags"], "trust": ["trust"],
        ],
        "images": ["ls": ["images", "list"], "prune": ["prune"], "rm": ["rm"]],
        "manifest": ["inspect": ["inspect", "--raw"]],
        "container": [
            "ls": ["ps"], "list": ["ps"], "ps": ["ps"], "inspect": ["inspect"], "diff": ["diff"], "mount": ["mount"],
            "umount": ["umount"], "unmount": ["umount"], "cp": ["cp"], "commit": ["commit"], "export": ["export"],
        ],
    ]

    /// The arguments of the process, its own name left out, in the form of this program.
    static func normalized(_ arguments: [String]) -> [String] {
        var arguments = afterCommand(arguments)
        guard let first = arguments.first else { return arguments }
        if first == "-V" || first == "version" {
            arguments[0] = "--version"
        } else if arguments.count > 1, let command = pairs[first]?[arguments[1]] {
            arguments.replaceSubrange(0..<2, with: command)
        } else if first == "tree",
            arguments.contains(where: { $0.hasPrefix("--sort") || $0.hasPrefix("--layer") || $0.hasPrefix("--as") })
        {
            // The tree of files has an order and layers; that of signatures has neither.
            arguments.replaceSubrange(0..<1, with: ["du", "--all"])
        } else if first == "mount" || first == "overlay" {
            arguments = splittingOptions(arguments)
        }
        return arguments
    }

    /// The second words that a first one has with other tools; nil where it is none of two words.
    static func seconds(of first: String) -> [String]? { pairs[first].map { $0.keys.sorted() } }

    /// Puts options that stand before the command behind it.
    private static func afterCommand(_ arguments: [String]) -> [String] {
        var moved: [String] = []
        var rest = arguments[...]
        while let next = rest.first {
            let name = next.split(separator: "=", maxSplits: 1).first.map(String.init) ?? next
            guard let hasValue = global[name] else { break }
            let word = rest.removeFirst()
            moved.append(word == "--debug" ? "-v" : word)
            if hasValue, !next.contains("="), let value = rest.popFirst() { moved.append(value) }
        }
        guard !moved.isEmpty, let command = rest.popFirst(), !command.hasPrefix("-") else { return arguments }
        // A command of two words keeps them together.
        let second = pairs[command] != nil && rest.first?.hasPrefix("-") == false ? [rest.removeFirst()] : []
        return [command] + second + moved + rest
    }

    /// `-oro` as mount(8) takes it: `-o ro`.
    private static func splittingOptions(_ arguments: [String]) -> [String] {
        var result: [String] = []
        var isOption = true
        for argument in arguments {
            if argument == "--" { isOption = false }
            if isOption, argument.hasPrefix("-o"), argument.utf8.count > 2 {
                result += ["-o", String(argument.dropFirst(2))]
            } else {
                result.append(argument)
            }
        }
        return result
    }
}
