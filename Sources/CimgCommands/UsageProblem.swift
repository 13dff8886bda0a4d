// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import OCI
import Objects

/// What is wrong with a command line, in a line, and in another one where to read on.
struct UsageProblem: Equatable, CustomStringConvertible {
    /// What is wrong.
    let reason: String
    /// The command whose help tells what is right: `cimg` or `cimg tag`.
    let command: String

    /// Makes a problem of the text that the parser has for an error.
    ///
    /// - Parameters:
    ///   - message: what is wrong, as a sentence.
    ///   - fullMessage: the same with the parser's own advice, which names the command.
    ///   - commands: the names of all commands.
    init(message: String, fullMessage: String, commands: [String]) {
        var reason = message.split(separator: "\n").first.map(String.init) ?? "wrong arguments"
        if reason.hasSuffix(".") { reason.removeLast() }
        let command = Self.text(in: fullMessage, after: "See '", before: " --help'") ?? "cimg"
        self.command = command
        let isNoCommand = command == "cimg" && reason.lowercased().contains("unexpected argument")
        if isNoCommand, let name = Self.text(in: reason, after: "'", before: "'") {
            self.reason = Self.noCommand(name, commands)
        } else {
            var text = reason.prefix(1).lowercased() + reason.dropFirst()
            if let word = Self.text(in: reason, after: "nexpected argument '", before: "'") {
                switch command {
                case "cimg images list": text += "; \(Self.listing(word))"
                case "cimg test": text += "; files of tests are named with -c FILE"
                default: break
                }
            }
            if command == "cimg mount", reason.hasPrefix("Missing expected argument") {
                text += "; \"cimg mounts\" lists what is mounted"
            }
            self.reason = text
        }
    }

    /// A command that does not exist.
    init(noCommand name: String, commands: [String]) {
        reason = Self.noCommand(name, commands)
        command = "cimg"
    }

    var description: String {
        let help = command == "cimg" ? "cimg help" : command.replacing("cimg ", with: "cimg help ", maxReplacements: 1)
        return "cimg: \(reason.printable)\nTry \"\(help)\"."
    }

    /// The command that lists what somebody wanted "cimg images" to list.
    private static func listing(_ text: String) -> String {
        if RegistryName.explicit(text) != nil { return "\"cimg tags \(text)\" lists its tags" }
        return ImagePlace.listing(text) ?? "\"cimg images --filter name=\(text)\" lists those"
    }

    /// What other tools call things, and what does it here.
    private static let others: [String: String] = [
        "history": "\"cimg inspect --history IMAGE\" shows it",
        "pkgs": "did you mean \"packages\"?",
        "info": "\"cimg inspect IMAGE\" tells what an image is, \"cimg images info IMAGE\" its labels",
        "list": "\"cimg images\" lists images, \"cimg ps\" containers, \"cimg ls IMAGE /etc\" files",
        "run": "cimg starts no containers, it opens them; use podman or docker for that",
        "exec":
            "cimg starts nothing in containers; \"cimg mount --live CONTAINER DIR\" shows the files of one that runs",
        "build": "cimg builds no images; use buildah, podman or docker for that",
        "save": "\"cimg copy IMAGE docker-archive:FILE\" (or oci-archive:FILE) does it",
        "load": "\"cimg import docker-archive:FILE\" (or oci-archive:FILE) does it",
        "untag": "\"cimg rm NAME\" takes a name away",
        "containers": "\"cimg ps\" lists them",
        "generate-sigstore-key": "\"cimg generate-key-pair\" makes a pair of keys",
        "manifest-digest": "\"cimg inspect --format '{{.Digest}}' IMAGE\" tells it",
        "standalone-verify": "\"cimg verify\" checks signatures, \"cimg trust check\" what a policy says of them",
        "standalone-sign": "\"cimg sign\" signs",
        "scout": "\"cimg scan OBJECT\" tells what is known to be vulnerable",
        "system": "\"cimg prune\" frees what nothing names, \"cimg images\" and \"cimg ps\" list",
        "image": "\"cimg images\" lists images, \"cimg inspect IMAGE\" tells of one",
        "container": "cimg changes no containers; \"cimg ps\" lists them, \"cimg diff\" tells what they changed",
        "manifest": "\"cimg inspect --raw IMAGE\" prints a manifest or an index",
        "volume": "\"cimg inspect CONTAINER\" tells a container's volumes, \"cimg mount --volumes\" mounts them",
        "network": "cimg reads files; use podman or docker for that",
        "analyze": "\"cimg inspect\", \"cimg packages\" and \"cimg find\" tell what an object is and has",
        "dive":
            "\"cimg layers IMAGE\" and \"cimg waste IMAGE\" tell of layers, \"cimg find IMAGE -layer N\" of their files",
        "top": "\"cimg ps\" tells a container's first process; ps(1) its others",
        "stats": "cimg reads files; use podman or docker for that",
        "create": "cimg makes no containers; use podman or docker for that",
        "rename": "\"cimg tag OLD NEW\" and \"cimg rm OLD\" give an image another name",
        "unshare": "\"cimg mount\" needs no namespace",
        "search": "\"cimg tags HOST/\" lists the repositories of a registry",
        "rmi": "\"cimg rm NAME\" takes a name away, \"cimg prune\" the bytes",
        "delete": "\"cimg rm NAME\" takes a name away, \"cimg images delete\" deletes in a registry",
        "list-tags": "\"cimg tags REPOSITORY\" lists them",
        "verify-image": "\"cimg images verify\" looks for newer versions",
        "logs": "cimg reads files, not output; use podman or docker for that",
        "start": "cimg starts no containers; use podman or docker for that",
        "stop": "cimg stops no containers; use podman or docker for that",
        "sync": "\"cimg copy --all\" copies an image with all its platforms",
    ]

    private static func noCommand(_ name: String, _ commands: [String]) -> String {
        if let hint = others[name] { return "no command \"\(name)\"; \(hint)" }
        let near = commands.map { (name: $0, distance: distance(name, $0)) }.min { $0.distance < $1.distance }
        // Of four letters two make another word.
        let limit = name.count > 4 ? 2 : 1
        let hint = near.flatMap { $0.distance <= limit ? "; did you mean \"\($0.name)\"?" : nil } ?? ""
        return "no command \"\(name)\"" + hint
    }

    private static func text(in text: String, after start: String, before end: String) -> String? {
        guard let first = text.firstRange(of: start), let last = text[first.upperBound...].firstRange(of: end) else {
            return nil
        }
        return String(text[first.upperBound..<last.lowerBound])
    }

    /// How many letters have to be put in, taken out or changed to make one word of another; words of any length, the
    /// first 32 letters of them.
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right.prefix(32))
        var row = Array(0...right.count)
        for (position, letter) in left.prefix(32).enumerated() {
            var next = [position + 1]
            for (column, other) in right.enumerated() {
                next.append(min(row[column] + (letter == other ? 0 : 1), row[column + 1] + 1, next[column] + 1))
            }
            row = next
        }
        return row[right.count]
    }
}
