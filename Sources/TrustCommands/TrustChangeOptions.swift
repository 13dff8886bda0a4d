// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console
import Glibc
import LinuxIO
import OCI
import Signatures
import SystemPackage
import Trust

/// Which files a command changes, and whether it does.
struct TrustChangeOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The policy to change; without it, the one that counts.", valueName: "file"),
        completion: .file())
    var policy: String?

    @Option(
        name: .customLong("registries.d"),
        help: ArgumentHelp("The directory that says where signatures are.", valueName: "dir"), completion: .directory)
    var registriesDirectory: String?

    @Flag(help: "Change your own files below ~/.config/containers.")
    var user = false

    @Flag(help: "Show what would be changed, and change nothing.")
    var dryRun = false

    /// Makes the options for the parser.
    init() {}

    /// The files.
    func files() throws -> PolicyFile {
        var settings = TrustSettings()
        settings.policyFile = policy.map { FilePath(RawArguments.bytes(of: $0)) }
        settings.registriesDirectory = registriesDirectory.map { FilePath(RawArguments.bytes(of: $0)) }
        return try PolicyFile(settings, forUser: user)
    }

    /// Makes changes and tells the files that are others now, or shows what would be changed.
    func make(_ changes: [PolicyFile.Change]) throws {
        for change in changes {
            if dryRun {
                try StandardOutput.write(Self.difference(change))
                continue
            }
            try PolicyFile.make(change)
            let done =
                change.new == change.old
                ? "not changed" : change.new == nil ? "removed" : change.old == nil ? "written" : "changed"
            try StandardOutput.write("\(change.path.string.printable): \(done)\n")
        }
    }

    /// The lines that go and those that come.
    static func difference(_ change: PolicyFile.Change) -> String {
        func lines(_ bytes: [UInt8]?) -> [String] {
            (bytes ?? []).split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self).printable }
        }
        let (old, new) = (lines(change.old), lines(change.new))
        guard old != new else { return "" }
        let start = zip(old, new).prefix { $0 == $1 }.count
        let rest = min(old.count, new.count) - start
        let end = zip(old.reversed(), new.reversed()).prefix { $0 == $1 }.prefix(rest).count
        var text = "--- \(change.old == nil ? "/dev/null" : change.path.string.printable)\n"
        text += "+++ \(change.new == nil ? "/dev/null" : change.path.string.printable)\n"
        let removed = old[start..<(old.count - end)]
        let added = new[start..<(new.count - end)]
        text += "@@ -\(start + 1),\(removed.count) +\(start + 1),\(added.count) @@\n"
        for line in removed { text += "-\(line)\n" }
        for line in added { text += "+\(line)\n" }
        return text
    }

    /// Asks the user, where there is one.
    ///
    /// - Throws: `CommandError` for any answer but yes, and where nobody can answer.
    static func confirm(_ question: String) throws {
        guard isatty(STDIN_FILENO) == 1 else { throw CommandError("\(question): say yes with -y") }
        StandardError.write("\(question) (y/N) ")
        guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
            throw CommandError("nothing was changed")
        }
    }
}
