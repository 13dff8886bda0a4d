// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

// The commit that the program tells; the Makefile asks git. Nothing else gets into a compiler's arguments.
let commit = Context.environment["CIMG_COMMIT"].flatMap { text in
    text.allSatisfy { $0.isHexDigit || "-dirty".contains($0) } ? text : nil
}

// `make dist` brings libraries along, for a program that runs where the distribution has others.
let portable = Context.environment["CIMG_PORTABLE"] == nil ? [] : ["-Xlinker", "-rpath=$ORIGIN/../lib/cimg"]

// What reads, compares and serves bytes is compiled to be fast; what runs once for a command, to be small.
let fast: Set = [
    "OCI", "FileTree", "EROFS", "Threads", "LinuxIO", "LayerStore", "TreeDiff", "FileSystems", "OverlayLayers",
    "Overlay", "Browsing", "FuseServer", "Layering", "Exploring", "Packages", "Bolt",
]

/// A Swift module of the product under `Sources/`.
func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(
        name: name, dependencies: dependencies,
        swiftSettings: swiftSettings
            + (fast.contains(name) ? [] : [.unsafeFlags(["-Osize"], .when(configuration: .release))]))
}

/// The test target of one module; every one may build layers and images with `TestSupport`.
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies + ["TestSupport"], exclude: exclude,
        swiftSettings: swiftSettings)
}

let package = Package(
    name: "cimg",
    products: [.executable(name: "cimg", targets: ["cimg"])],
    traits: [
        .trait(name: "ISAL", description: "Inflates gzip by ISA-L, twice as fast as by zlib."),
        .default(enabledTraits: ["ISAL"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .systemLibrary(name: "CLibFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CLibZ", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CLibZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLibISAL", pkgConfig: "libisal", providers: [.apt(["libisal-dev"])]),
        .target(
            name: "CIgzip", dependencies: [.target(name: "CLibISAL", condition: .when(traits: ["ISAL"]))],
            cSettings: [.define("ISAL", .when(traits: ["ISAL"]))]),
        .target(name: "CLinux"),
        // Its headers only: the library is loaded when a registry is asked for the first time.
        .target(name: "CCurl"),
        // Its headers only: the library is loaded with the first file in YAML.
        .target(name: "CYAML"),
        // Its headers only: the library is loaded with the first key that is kept under a passphrase.
        .target(name: "CSodium"),
        .target(name: "CCrypto"),
        // Its headers only: the library is loaded in a child that reads an archive of a foreign kind.
        .target(name: "CArchive"),
        .target(name: "CFuse", dependencies: ["CLibFuse"], path: "CFuse"),

        .target(name: "CSHA256"),
        .target(
            name: "CVersion", cSettings: commit.map { [.define("CIMG_COMMIT", to: "\"\($0)\"")] } ?? []),

        module("OCI", ["CSHA256"]),
        module("Cryptography", ["CCrypto"]),
        module("YAML", ["OCI", "CYAML"]),
        module("Sigstore", ["OCI", "Cryptography", "CSodium", asn1]),
        module("Trust", ["OCI", "Sigstore", "YAML"]),
        module("FileTree", ["OCI"]),
        module("Unpacking", ["OCI", "FileTree"]),
        module("Layering", ["OCI", "FileTree", "YAML"]),
        module("Linting", ["OCI", "FileTree", "YAML"]),
        module("Templates", ["OCI"]),
        module("EROFS", ["FileTree", "OCI"]),
        module("Threads", [system]),
        module("LinuxIO", ["CLinux", "Threads", system]),
        module("Auditing", ["OCI", "YAML"]),
        module("TOML", ["OCI"]),
        module("Web", ["OCI"]),
        module("EngineRecords", ["OCI", "LinuxIO", system]),
        .target(
            name: "Archive",
            dependencies: [
                "OCI", "FileTree", "Threads", "LinuxIO", "CArchive", "CLibZ", "CLibZstd", system,
                .target(name: "CIgzip", condition: .when(traits: ["ISAL"])),
            ],
            swiftSettings: swiftSettings + [.define("ISAL", .when(traits: ["ISAL"]))]),
        module("LayerStore", ["OCI", "FileTree", "Unpacking", "EROFS", "Archive", "Threads", "LinuxIO", system]),
        module("Transports", ["OCI", "FileTree", "Archive", "LayerStore", "LinuxIO", system]),
        module("Bolt", ["LinuxIO"]),
        module("Engines", ["EngineRecords", "TOML", "Bolt", "OCI", "LinuxIO", system]),
        module("Registry", ["Web", "TOML", "OCI", "Archive", "LayerStore", "LinuxIO", "CCurl", system]),
        module("TreeDiff", ["OCI", "FileTree", "Threads"]),
        module("Packages", ["OCI", "FileTree", "CLibZ"]),
        module("Licences", []),
        module("Rebuilding", ["FileTree"]),
        module("Advisories", ["OCI", "YAML", "Bolt", "Packages"]),
        module("AdvisoryFeeds", ["OCI", "Bolt", "Packages"]),
        module("Bills", ["OCI", "Packages"]),
        module("Describing", ["OCI", "FileTree", "Archive", "Packages", "Sigstore"]),
        module("Inventory", ["OCI", "Cryptography", "FileTree", "Browsing", "Packages"]),
        module("InventoryCache", ["OCI", "Inventory", "Packages", "LinuxIO", system]),
        module("Pages", ["OCI"]),
        module("Exploring", ["Console", "Layering", "FileTree", "OCI"]),
        module("Authoring", ["OCI", "FileTree", "Archive"]),
        module("FileSystems", ["OCI", "FileTree", "EROFS", "LinuxIO", system]),
        module("OverlayLayers", ["OCI", "FileTree", "EROFS", "FileSystems", "Threads", "LinuxIO", system]),
        module("Overlay", ["OverlayLayers", "FileTree", "FileSystems", "Threads", "LinuxIO", system]),
        module("Browsing", ["OCI", "FileTree", "EROFS", "Archive", "LinuxIO", system]),
        module("Expectations", ["OCI", "FileTree", "Browsing", "YAML"]),
        module("FuseServer", ["FileTree", "FileSystems", "Threads", "LinuxIO", "CFuse", system]),
        module("Signatures", ["Trust", "Sigstore", "OCI", "Registry", "LinuxIO", system]),
        module("Console", ["OCI", "FileTree", "LayerStore", "LinuxIO", system]),
        module(
            "Objects",
            [
                "Console", "Signatures", "Trust", "OCI", "Archive", "LayerStore", "Transports", "Registry", "Engines",
                "Threads", "LinuxIO", system,
            ]),
        module(
            "Mounting",
            [
                "OCI", "FileTree", "LayerStore", "FileSystems", "Overlay", "OverlayLayers", "FuseServer", "LinuxIO",
                system,
            ]),
        module(
            "EngineTrees",
            ["OCI", "FileTree", "EROFS", "FileSystems", "Engines", "OverlayLayers", "Mounting", "LinuxIO", system]),
        // The command line, by what it is about.
        module(
            "CommandOptions",
            [
                "Console", "FileTree", "LayerStore", "LinuxIO", "OCI", "Objects", "Registry", "Signatures",
                "Templates", "Unpacking", arguments, system,
            ]),
        module(
            "CommandTrees",
            [
                "CommandOptions", "Console", "Objects", "EngineTrees", "Engines", "Mounting", "OverlayLayers",
                "FuseServer", "Browsing", "TreeDiff", "FileSystems", "Transports", "LayerStore", "EROFS",
                "FileTree", "OCI", "LinuxIO", system,
            ]),
        module(
            "InspectCommands",
            [
                "CommandOptions", "Console", "Objects", "EngineTrees", "Engines", "EngineRecords", "OverlayLayers",
                "Registry",
                "Templates", "Transports", "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "MountCommands",
            [
                "CommandOptions", "Console", "Objects", "Mounting", "EngineTrees", "Engines", "OverlayLayers",
                "FuseServer", "Templates", "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "ImageCommands",
            [
                "CommandOptions", "Console", "Objects", "Authoring", "InventoryCache", "Engines", "Registry",
                "Templates", "Transports",
                "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "TrustCommands",
            [
                "CommandOptions", "Console", "Objects", "Registry", "Signatures", "Sigstore", "Trust", "OCI", "LinuxIO",
                arguments, system,
            ]),
        module(
            "SigningCommands",
            [
                "CommandOptions", "Console", "Objects", "Registry", "Signatures", "Sigstore", "Trust", "OCI", "LinuxIO",
                arguments, system,
            ]),
        module(
            "ContentsCommands",
            [
                "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing", "LayerStore",
                "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "PackageCommands",
            [
                "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing", "Inventory", "InventoryCache",
                "Packages",
                "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "ScanCommands",
            [
                "CommandOptions", "CommandTrees", "Console", "Objects", "Registry", "Signatures", "Browsing",
                "Bills", "Inventory",
                "InventoryCache",
                "Advisories", "AdvisoryFeeds", "Packages", "Licences", "Bolt", "Transports", "Archive", "LayerStore",
                "FileTree", "OCI",
                "LinuxIO", arguments, system,
            ]),
        module(
            "DiffCommands",
            [
                "PackageCommands", "ScanCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing",
                "Inventory", "Describing", "Pages", "Rebuilding", "TreeDiff", "OverlayLayers", "Threads", "Archive",
                "Transports",
                "LayerStore",
                "FileTree", "OCI",
                "LinuxIO",
                arguments, system,
            ]),
        module(
            "AuditCommands",
            [
                "DiffCommands", "PackageCommands", "ScanCommands", "LayerCommands", "Auditing", "Expectations",
                "CommandOptions", "CommandTrees", "Console", "Objects", "Registry", "Browsing", "Inventory",
                "InventoryCache", "Packages",
                "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "CommandCompletion",
            [
                "CommandOptions", "Console", "Objects", "Mounting", "Engines", "Registry", "Packages", "TreeDiff",
                "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "LayerCommands",
            [
                "CommandOptions", "CommandTrees", "Console", "Objects", "Archive", "Browsing", "Pages", "Layering",
                "Linting", "Expectations",
                "Engines",
                "LayerStore", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "ExploreCommands",
            [
                "LayerCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Exploring", "Browsing",
                "Layering", "TreeDiff", "LayerStore", "FileTree", "OCI", "LinuxIO", "Threads", arguments, system,
            ]),
        module(
            "AuthoringCommands",
            [
                "ImageCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Authoring", "Archive",
                "Browsing", "Mounting", "FuseServer", "OverlayLayers", "Threads", "EngineTrees", "Engines",
                "Transports", "LayerStore",
                "EROFS", "FileTree", "OCI", "LinuxIO", arguments, system,
            ]),
        module(
            "CimgCommands",
            [
                "CommandCompletion",
                "InspectCommands", "MountCommands", "ImageCommands", "TrustCommands", "SigningCommands",
                "ContentsCommands",
                "PackageCommands", "ScanCommands", "DiffCommands", "AuditCommands", "LayerCommands", "ExploreCommands",
                "AuthoringCommands",
                "CommandOptions", "Console", "Objects", "Mounting",
                "FuseServer", "Registry", "Archive", "OCI", "LinuxIO", "Threads", "CVersion", arguments, system,
            ]),
        .executableTarget(
            name: "cimg", dependencies: ["CimgCommands"], swiftSettings: swiftSettings,
            // Nobody links against the program; 34,000 symbols for them would cost half a millisecond of each start.
            linkerSettings: [
                .unsafeFlags(["-Xlinker", "--no-export-dynamic"] + portable, .when(configuration: .release))
            ]),

        .target(
            name: "TestSupport", dependencies: ["OCI", "FileTree", "Threads", "LinuxIO", "CLibZ", "CLibZstd", system],
            path: "Tests/TestSupport", swiftSettings: swiftSettings),
        tests("OCI", ["OCI", "CSHA256", "Cryptography"]),
        tests("Trust", ["Trust", "Sigstore", "Cryptography", "OCI"]),
        tests("Signatures", ["Signatures", "Trust", "Sigstore", "Registry", "OCI", "LinuxIO", system]),
        tests("FileTree", ["FileTree", "OCI"]),
        tests("Unpacking", ["Unpacking", "Linting", "FileTree", "OCI", "LinuxIO", system]),
        tests("Layering", ["Layering", "FileTree", "OCI"]),
        tests("Pages", ["Pages"]),
        tests("Exploring", ["Exploring", "Layering", "FileTree", "OCI"]),
        tests("Linting", ["Linting", "FileTree", "OCI"]),
        tests("Auditing", ["Auditing"]),
        tests("Rebuilding", ["Rebuilding", "FileTree"]),
        tests("Expectations", ["Expectations", "Browsing", "FileTree", "OCI"]),
        tests("Authoring", ["Authoring", "Archive", "FileTree", "OCI", "LinuxIO"]),
        tests("Templates", ["Templates", "OCI"]),
        tests("EROFS", ["Threads", "EROFS", "FileTree", "OCI", "LinuxIO", system]),
        tests("LinuxIO", ["Threads", "LinuxIO", system]),
        tests("Archive", ["Threads", "Archive", "FileTree", "OCI", "LinuxIO", system]),
        tests("LayerStore", ["Threads", "LayerStore", "Archive", "EROFS", "FileTree", "OCI", "LinuxIO", system]),
        tests("Transports", ["Threads", "Transports", "LayerStore", "OCI", "FileTree", "LinuxIO", system]),
        tests("Bolt", ["Bolt"]),
        tests(
            "Engines",
            ["EngineRecords", "EngineTrees", "Threads", "TOML", "Engines", "FileTree", "OCI", "LinuxIO", system]),
        tests("Registry", ["Web", "Threads", "cimg", "Registry", "LayerStore", "OCI", "FileTree", "LinuxIO", system]),
        tests(
            "TreeDiff",
            ["TreeDiff", "DiffCommands", "CommandTrees", "Console", "Transports", "FileTree", "OCI", "LinuxIO", system]),
        tests("Packages", ["Packages"]),
        tests("Bills", ["Bills", "Packages", "OCI"]),
        tests("Describing", ["Describing", "Packages", "OCI"]),
        tests("Licences", ["Licences"]),
        tests("Advisories", ["Advisories", "Bolt", "Packages", "OCI"]),
        tests("AdvisoryFeeds", ["AdvisoryFeeds", "Advisories", "Bolt", "Packages", "OCI", "LinuxIO"]),
        tests("Inventory", ["Inventory", "Cryptography", "Packages", "Browsing", "FileTree", "OCI"]),
        tests("InventoryCache", ["InventoryCache", "Inventory", "Packages", "Browsing", "FileTree", "OCI", system]),
        tests("FileSystems", ["FileSystems", "EROFS", "FileTree", "OCI", "LinuxIO", system]),
        tests(
            "Overlay",
            [
                "Overlay", "OverlayLayers", "Threads", "Authoring", "LayerStore", "Transports", "TreeDiff",
                "FileSystems", "EROFS", "FileTree", "OCI", "LinuxIO", system,
            ]),
        tests("Browsing", ["Browsing", "EROFS", "FileTree", "OCI", "LinuxIO", system]),
        tests("FuseServer", ["Threads", "FuseServer", "FileSystems", "EROFS", "FileTree", "OCI", "LinuxIO", system]),
        tests(
            "Command",
            [
                "cimg", "CimgCommands", "CommandCompletion", "MountCommands", "DiffCommands", "Console", "Mounting",
                "FuseServer",
                "OCI", "FileTree", "LinuxIO", arguments, system,
            ],
            exclude: ["Snapshots"]),
        tests("Architecture", []),
    ]
)

// `scripts/fuzz` asks for these: every module is then instrumented, and libFuzzer brings the entry point.
if Context.environment["CIMG_FUZZ"] != nil {
    func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
        .executableTarget(
            name: name, dependencies: dependencies + ["CFuzzer"], path: "Tests/Fuzzers/" + name,
            swiftSettings: swiftSettings)
    }
    package.targets += [
        .target(name: "CFuzzer", path: "Tests/Fuzzers/CFuzzer"),
        fuzzer("FuzzManifest", ["OCI"]),
        fuzzer("FuzzLayer", ["Archive", "EROFS", "FileTree", "LinuxIO", "OCI"]),
        fuzzer("FuzzEngines", ["Bolt", "Engines", "EngineRecords"]),
        fuzzer("FuzzRegistry", ["Registry", "Web"]),
        fuzzer("FuzzTrust", ["Trust", "Sigstore", "OCI"]),
        fuzzer("FuzzOverlay", ["OverlayLayers", "FileTree", "LinuxIO", system]),
        fuzzer("FuzzArguments", ["Transports", "OCI", "LinuxIO", system]),
        fuzzer("FuzzPackages", ["Packages", "Bills", "Describing"]),
        fuzzer("FuzzAdvisories", ["Advisories", "Bolt", "Licences", "Packages", "OCI"]),
        fuzzer("FuzzTree", ["EROFS", "FileTree", "OCI"]),
        fuzzer("FuzzTemplate", ["Templates", "OCI"]),
    ]
}
