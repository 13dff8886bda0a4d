// SPDX-License-Identifier: Apache-2.0

import Archive
package import ArgumentParser
import AuditCommands
import AuthoringCommands
import CommandCompletion
import CommandOptions
import Console
import ContentsCommands
import DiffCommands
import ExploreCommands
import Glibc
import ImageCommands
import InspectCommands
import LayerCommands
import LinuxIO
import MountCommands
import Mounting
import Objects
import PackageCommands
import ScanCommands
import SigningCommands
import Threads
import TrustCommands

/// The `cimg` command.
package struct CimgCommand: ParsableCommand {
    /// Name, help and subcommands.
    package static let configuration = CommandConfiguration(
        commandName: "cimg", abstract: "Open up container images and containers.",
        discussion: """
            Takes images into a store, mounts their file systems, and tells exactly how any two differ. Needs no \
            daemon and no root.

            Examples:

              cimg import oci:images/alpine:3.20 alpine
              cimg mount alpine /mnt/image
              find /mnt/image -user root -perm -4000 -exec ls -ldb {} \\;
              cimg diff alpine-old alpine
              cimg umount /mnt/image

            \(ObjectFinder.help)

            Exit status: 0 success or no difference, 1 differences or damage found, 2 trouble.
            """,
        version: Version.current,
        subcommands: [
            ImportCommand.self, PullCommand.self, PushCommand.self, CopyCommand.self, TagsCommand.self,
            LoginCommand.self, LogoutCommand.self, ImagesCommand.self, InspectCommand.self, TrustCommand.self,
            SignCommand.self, VerifyCommand.self, GenerateKeyPairCommand.self, ImportKeyPairCommand.self,
            PublicKeyCommand.self, TriangulateCommand.self, TreeCommand.self, AttestCommand.self,
            VerifyAttestationCommand.self, VerifyBlobCommand.self,
            TagCommand.self,
            RemoveCommand.self, MountCommand.self, UmountCommand.self, MountsCommand.self, OverlayCommand.self,
            DiffCommand.self, ListCommand.self, CatCommand.self, CopyOutCommand.self,
            FindCommand.self, PackagesCommand.self, SbomCommand.self, ScanCommand.self, DbCommand.self,
            AuditCommand.self,
            LayersCommand.self, WasteCommand.self, CheckCommand.self, SizesCommand.self, LintCommand.self,
            ExploreCommand.self, TestCommand.self, ReproCommand.self,
            CommitCommand.self, ExportCommand.self,
            PsCommand.self, PruneCommand.self, FsckCommand.self, SettleCommand.self,
        ])

    /// Makes the command for the parser.
    package init() {}

    /// Parses the process's arguments, runs what they name and ends the process.
    package static func run() -> Never {
        // A reader that went away is an error of writing, which is no reason to die.
        signal(SIGPIPE, SIG_IGN)
        #if DEBUG
            FailurePlan.useEnvironment()
        #endif
        do {
            let words = RawArguments.all()
            var arguments = Array(words.dropFirst())
            // What mount(8) and container engines call where a file system's own program is expected.
            if words.first?.split(separator: "/").last == "mount.fuse.cimg" {
                arguments.insert("overlay", at: 0)
            }
            if arguments.first != Completion.entry { arguments = FamiliarArguments.normalized(arguments) }
            if arguments.first == ForeignArchive.command {
                Glibc.exit(ForeignArchive.run(arguments.dropFirst().first))
            }
            if arguments.first == "serve" {
                Glibc.exit(Server.run() ? 0 : 2)
            }
            if arguments.first == Completion.entry {
                try Completion.answer(
                    Array(arguments.dropFirst()), root: CimgCommand.self,
                    familiar: .init(normalized: FamiliarArguments.normalized, seconds: FamiliarArguments.seconds))
                Glibc.exit(0)
            }
            if arguments.first == Completion.Shell.option {
                try StandardOutput.write(Completion.Shell.script(arguments.dropFirst().first))
                Glibc.exit(0)
            }
            if Version.isAskedForDetails(arguments) {
                try StandardOutput.write(Version.details)
                Glibc.exit(0)
            }
            try refuseWhatTheParserLetsPass(arguments)
            do {
                if arguments.first == "find" {
                    arguments = try ["find"] + FindCommand.arranged(Array(arguments.dropFirst()))
                }
                arguments = try FamiliarOptions.translated(arguments)
            } catch {
                StandardError.print("cimg: \(error)")
                Glibc.exit(2)
            }
            var command = try quickly(parsed: arguments) ?? parseAsRoot(arguments)
            try command.run()
            Glibc.exit(0)
        } catch {
            let code = exitCode(for: error)
            // Help and version are no errors; a command that failed has said why.
            if error is ExitCode { exit(withError: error) }
            if code.isSuccess { end(with: fullMessage(for: error, columns: HelpText.unbroken)) }
            let problem = UsageProblem(
                message: message(for: error), fullMessage: fullMessage(for: error), commands: commandNames)
            StandardError.print("\(problem)")
            Glibc.exit(2)
        }
    }

    /// Prints help, or a version, and ends the process.
    private static func end(with message: String) -> Never {
        do {
            let text = HelpText(message, columns: StandardOutput.columns ?? 80).text
            try StandardOutput.write(text.isEmpty ? "" : text + "\n")
            Glibc.exit(0)
        } catch {
            StandardError.print("cimg: \(error)")
            Glibc.exit(2)
        }
    }

    /// Parses the arguments of a command that is named first; nil for all that needs help or an error message.
    ///
    /// The parser of all commands at once takes longer than many a command.
    private static func quickly(parsed arguments: [String]) -> (any ParsableCommand)? {
        guard let name = arguments.first,
            let command = configuration.subcommands.first(where: { $0.configuration.commandName == name }),
            command.configuration.subcommands.isEmpty
        else { return nil }
        return try? command.parse(Array(arguments.dropFirst()))  // The parser of all commands tells what is wrong.
    }

    /// The names of the commands that help lists.
    private static var commandNames: [String] {
        configuration.subcommands.flatMap { command -> [String] in
            let configuration = command.configuration
            guard configuration.shouldDisplay, let name = configuration.commandName else { return [] }
            return [name] + configuration.aliases
        }
    }

    /// Ends the process where there is no command, or help is asked for one that does not exist.
    private static func refuseWhatTheParserLetsPass(_ arguments: [String]) throws {
        guard let first = arguments.first else {
            StandardError.write(
                HelpText(helpMessage(columns: HelpText.unbroken), columns: StandardOutput.columns ?? 80).text + "\n")
            throw ExitCode(2)
        }
        if !first.hasPrefix("-"), !(commandNames + ["help", "settle"]).contains(first) {
            StandardError.print("\(UsageProblem(noCommand: first, commands: commandNames))")
            throw ExitCode(2)
        }
        guard first == "help", arguments.count > 1, !arguments[1].hasPrefix("-") else { return }
        let names = commandNames + ["help", "settle"]
        guard names.contains(arguments[1]) else {
            StandardError.print("\(UsageProblem(noCommand: arguments[1], commands: commandNames))")
            throw ExitCode(2)
        }
    }
}
