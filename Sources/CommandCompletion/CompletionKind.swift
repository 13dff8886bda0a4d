// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandOptions
import Console
import Mounting
import Objects
import Packages
import TreeDiff

/// A kind of word that a command takes.
enum CompletionKind: Equatable {
    /// A name of the store.
    case names
    /// An image: a name of the store, or a source.
    case images
    /// A container of this machine's engines.
    case containers
    /// What is mounted.
    case mountpoints
    /// An image of a registry that is known here, with its tag.
    case references
    /// A repository of a registry that is known here.
    case repositories
    /// A registry that is known here.
    case registries
    /// A place to copy to.
    case destinations
    case files
    case directories
    /// One of some words.
    case words([String])

    /// What can stand at a position of a command.
    static func positional(_ index: Int, of command: any ParsableCommand.Type) -> [CompletionKind] {
        let name = String(describing: command)
        let kinds = positionals[name] ?? []
        guard index >= kinds.count else { return kinds[index] }
        return repeating.contains(name) ? kinds.last ?? [] : []
    }

    private static let objects: [CompletionKind] = [.images, .containers]

    /// Commands whose last positional argument can be given several times.
    private static let repeating: Set<String> = [
        "RemoveCommand", "UmountCommand", "FindCommand", "PackagesCommand", "TrustCheckCommand",
        "ImagesVersionCommand", "ImagesVerifyCommand", "ImagesDeleteCommand", "CopyOutCommand", "OverlayCommand",
        "ScanCommand", "AuditCommand",
        "SignCommand", "VerifyCommand",
    ]

    /// The kinds of the positional arguments of each command that has some, one after the other.
    static let positionals: [String: [[CompletionKind]]] = [
        "ImportCommand": [[.images, .references]],
        "PullCommand": [[.references]],
        "PushCommand": [[.images], [.references]],
        "CopyCommand": [[.images, .references], [.destinations]],
        "TagsCommand": [[.repositories, .registries]],
        "LoginCommand": [[.registries]],
        "LogoutCommand": [[.registries]],
        "ImagesInfoCommand": [[.names]],
        "ImagesVersionCommand": [[.names]],
        "ImagesVerifyCommand": [[.names]],
        "ImagesDeleteCommand": [[.names]],
        "RemoveCommand": [[.names]],
        "TagCommand": [[.images]],
        "TrustCheckCommand": [[.images, .references]],
        "TrustShowCommand": [[.images, .references]],
        "TrustAddCommand": [[.repositories, .registries]],
        "TrustDeleteCommand": [[.repositories, .registries]],
        "TrustDefaultCommand": [[.words(["accept", "reject"])]],
        "MountCommand": [objects, [.directories]],
        "UmountCommand": [[.mountpoints]],
        "OverlayCommand": [[.directories]],
        "DiffCommand": [objects + [.directories], objects + [.directories]],
        "CopyOutCommand": [objects, [.files]],
        "InspectCommand": [objects],
        "ListCommand": [objects],
        "CatCommand": [objects],
        "FindCommand": [objects],
        "PackagesCommand": [objects],
        "SbomCommand": [objects],
        "ScanCommand": [objects],
        "AuditCommand": [[.files], objects],
        "DbUpdateCommand": [[.images, .files]],
        "LayersCommand": [[.images]],
        "WasteCommand": [[.images]],
        "CheckCommand": [[.images]],
        "LintCommand": [[.images]],
        "ExploreCommand": [objects, objects],
        "TestCommand": [objects + [.directories]],
        "ReproCommand": [[.images], [.images]],
        "SizesCommand": [objects],
        "CommitCommand": [objects + [.directories], []],
        "ExportCommand": [objects],
        "SignCommand": [[.references, .images]],
        "VerifyCommand": [[.references, .images]],
        "AttestCommand": [[.references, .images]],
        "VerifyAttestationCommand": [[.references, .images]],
        "TreeCommand": [[.references, .images]],
        "TriangulateCommand": [[.references, .images]],
        "VerifyBlobCommand": [[.files]],
    ]

    /// What the value of an option can be.
    static func value(of option: CommandOption, for command: any ParsableCommand.Type) -> [CompletionKind] {
        switch option.value {
        case "dir": [.directories]
        case "file", "path": [.files]
        case "image": [.images]
        case "true|false": [.words(["true", "false"])]
        case "os/arch[/variant]":
            [
                .words([
                    "linux/amd64", "linux/arm64", "linux/arm/v7", "linux/386", "linux/ppc64le", "linux/riscv64",
                    "linux/s390x",
                ])
            ]
        case "policy": [.words(PullPolicy.allCases.map(\.rawValue))]
        case "when": [.words(ColorChoice.allCases.map(\.rawValue))]
        case "backend": [.words(MountBackend.allCases.map(\.rawValue))]
        case "engine": [.words(UnpackingOptions.names)]
        case "field,...": [.words(ChangedFields.allNames)]
        case "type,...": [.words(PackageKind.allCases.map(\.rawValue))]
        case "type" where String(describing: command) == "TrustAddCommand":
            [.words(["signedBy", "sigstoreSigned", "accept", "reject"])]
        case "option,...": [.words(mountOptions)]
        case "source": [.words(["docker-daemon:", "containers-storage:", "containerd:"]), .images]
        case "format" where ["CommitCommand", "ExportCommand"].contains(String(describing: command)):
            [.words(["gzip", "zstd", "none"])]
        case "form" where String(describing: command) == "TestCommand": [.words(["text", "json", "junit"])]
        case "verdict":
            [
                .words([
                    "identical", "equivalent", "recompressed", "repackaged", "retimed", "relabelled", "explained",
                ])
            ]
        case "severity": [.words(["info", "warning", "error", "never"])]
        case "kind": [.words(["signature", "attestation", "sbom", "digest"])]
        case "until=duration": [.words(["until=24h", "until=7d"])]
        default: []
        }
    }

    private static let mountOptions = [
        "noexec", "noatime", "relatime", "nodiratime", "allow_other", "default_permissions", "max_read=", "context=",
    ]
}
