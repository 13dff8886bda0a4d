// SPDX-License-Identifier: Apache-2.0

/// Who may import whom: the architecture as a table.
///
/// A module not listed may not exist; an edge not listed may neither be declared in the manifest nor written as an
/// import. `docs/architecture.md` gives the reasons.
let allowedEdges: [String: Set<String>] = [
    "CLibFuse": [],
    "CLibISAL": [],
    "CIgzip": ["CLibISAL"],
    "CSHA256": [],
    "CVersion": [],
    "CLibZ": [],
    "CLibZstd": [],
    "CCurl": [],
    "CYAML": [],
    "CSodium": [],
    "CCrypto": [],
    "CArchive": [],
    "CLinux": [],
    "CFuse": ["CLibFuse"],
    // Values: no system calls, nothing of the rest; C only for arithmetic.
    "OCI": ["CSHA256"],
    "Cryptography": ["CCrypto"],
    // C for the events of libyaml alone.
    "YAML": ["OCI", "CYAML"],
    "Sigstore": ["OCI", "Cryptography", "CSodium", "SwiftASN1"],
    "Trust": ["OCI", "Sigstore", "YAML"],
    "FileTree": ["OCI"],
    "Unpacking": ["OCI", "FileTree"],
    "Layering": ["OCI", "FileTree", "YAML"],
    "Linting": ["OCI", "FileTree", "YAML"],
    "Pages": ["OCI"],
    // Console for sizes and values as the other commands print them.
    "Exploring": ["Console", "Layering", "FileTree", "OCI"],
    "Templates": ["OCI"],
    "EROFS": ["FileTree", "OCI"],
    // The only module that knows the C declarations behind the system calls.
    "Threads": ["SystemPackage"],
    "LinuxIO": ["CLinux", "Threads", "SystemPackage"],
    "Auditing": ["OCI", "YAML"],
    "TOML": ["OCI"],
    "Web": ["OCI"],
    "EngineRecords": ["OCI", "LinuxIO", "SystemPackage"],
    "TreeDiff": ["FileTree", "OCI", "Threads"],
    // C for inflating alone.
    "Packages": ["OCI", "FileTree", "CLibZ"],
    "Licences": [],
    "Rebuilding": ["FileTree"],
    "Archive": ["OCI", "FileTree", "Threads", "LinuxIO", "CArchive", "CIgzip", "CLibZ", "CLibZstd", "SystemPackage"],
    "LayerStore": ["OCI", "FileTree", "Unpacking", "EROFS", "Archive", "Threads", "LinuxIO", "SystemPackage"],
    "Transports": ["OCI", "FileTree", "Archive", "LayerStore", "LinuxIO", "SystemPackage"],
    // Of LinuxIO the open file alone.
    "Bolt": ["LinuxIO"],
    "Engines": ["EngineRecords", "TOML", "Bolt", "OCI", "LinuxIO", "SystemPackage"],
    // The only module that speaks with a network.
    "Registry": [
        "Web", "TOML", "OCI", "Archive", "LayerStore", "LinuxIO", "CCurl", "SystemPackage",
    ],
    "FileSystems": ["OCI", "FileTree", "EROFS", "LinuxIO", "SystemPackage"],
    "OverlayLayers": ["OCI", "FileTree", "EROFS", "FileSystems", "Threads", "LinuxIO", "SystemPackage"],
    "Overlay": ["OverlayLayers", "FileTree", "FileSystems", "Threads", "LinuxIO", "SystemPackage"],
    // Archive for the tars that it writes.
    "Browsing": ["OCI", "FileTree", "EROFS", "Archive", "LinuxIO", "SystemPackage"],
    "Advisories": ["OCI", "YAML", "Bolt", "Packages"],
    "AdvisoryFeeds": ["OCI", "Bolt", "Packages"],
    "Expectations": ["OCI", "FileTree", "Browsing", "YAML"],
    "Bills": ["OCI", "Packages"],
    // Archive for tars, Sigstore for certificates.
    "Describing": ["OCI", "FileTree", "Archive", "Packages", "Sigstore"],
    "Inventory": ["OCI", "Cryptography", "FileTree", "Browsing", "Packages"],
    // LinuxIO for the folder that it keeps.
    "InventoryCache": ["OCI", "Inventory", "Packages", "LinuxIO", "SystemPackage"],
    // Archive for the tars that it writes.
    "Authoring": ["OCI", "FileTree", "Archive"],
    // The only importer of libfuse.
    "FuseServer": ["FileTree", "FileSystems", "Threads", "LinuxIO", "CFuse", "SystemPackage"],
    "Console": ["OCI", "FileTree", "LayerStore", "LinuxIO", "SystemPackage"],
    "Signatures": ["Trust", "Sigstore", "OCI", "Registry", "LinuxIO", "SystemPackage"],
    // Archive for the tars that engines keep in pieces.
    "Objects": [
        "Console", "Signatures", "Trust", "OCI", "Archive", "LayerStore", "Transports", "Registry", "Engines",
        "Threads", "LinuxIO", "SystemPackage",
    ],
    "Mounting": [
        "OCI", "FileTree", "LayerStore", "FileSystems", "Overlay", "OverlayLayers", "FuseServer", "LinuxIO",
        "SystemPackage",
    ],
    "EngineTrees": [
        "OCI", "FileTree", "EROFS", "FileSystems", "Engines", "OverlayLayers", "Mounting", "LinuxIO", "SystemPackage",
    ],
    // The command line, by what it is about.
    "CommandOptions": [
        "Console", "FileTree", "LayerStore", "LinuxIO", "OCI", "Objects", "Registry", "Signatures",
        "Templates", "Unpacking", "ArgumentParser", "SystemPackage",
    ],
    "CommandTrees": [
        "CommandOptions", "Console", "Objects", "EngineTrees", "Engines", "Mounting", "OverlayLayers", "FuseServer",
        "Browsing", "TreeDiff", "FileSystems", "Transports", "LayerStore", "EROFS", "FileTree", "OCI",
        "LinuxIO", "SystemPackage",
    ],
    "InspectCommands": [
        "CommandOptions", "Console", "Objects", "EngineTrees", "Engines", "EngineRecords", "OverlayLayers", "Registry",
        "Templates",
        "Transports", "LayerStore", "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "MountCommands": [
        "CommandOptions", "Console", "Objects", "Mounting", "EngineTrees", "Engines", "OverlayLayers", "FuseServer",
        "Templates", "LayerStore", "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "ImageCommands": [
        "InventoryCache", "CommandOptions", "Console", "Objects", "Authoring", "Engines", "Registry", "Templates",
        "Transports", "LayerStore", "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "TrustCommands": [
        "CommandOptions", "Console", "Objects", "Registry", "Signatures", "Sigstore", "Trust", "OCI", "LinuxIO",
        "ArgumentParser", "SystemPackage",
    ],
    "SigningCommands": [
        "CommandOptions", "Console", "Objects", "Registry", "Signatures", "Sigstore", "Trust", "OCI", "LinuxIO",
        "ArgumentParser", "SystemPackage",
    ],
    "ContentsCommands": [
        "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing", "LayerStore",
        "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "PackageCommands": [
        "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing", "Inventory", "InventoryCache", "Packages",
        "LayerStore", "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    // Bolt for the file that a database is; Archive and Registry for where it comes from.
    "ScanCommands": [
        "AdvisoryFeeds", "InventoryCache", "Signatures", "CommandOptions", "CommandTrees", "Console", "Objects",
        "Registry",
        "Browsing",
        "Bills", "Inventory",
        "Advisories", "Packages", "Licences", "Bolt", "Transports", "Archive", "LayerStore", "FileTree", "OCI",
        "LinuxIO",
        "ArgumentParser", "SystemPackage",
    ],
    "DiffCommands": [
        "PackageCommands", "ScanCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Browsing",
        "Inventory", "Describing", "Pages", "Rebuilding", "TreeDiff",
        "OverlayLayers", "Threads", "Archive", "Transports", "LayerStore", "FileTree", "OCI", "LinuxIO",
        "ArgumentParser",
        "SystemPackage",
    ],
    "AuditCommands": [
        "DiffCommands", "PackageCommands", "ScanCommands", "LayerCommands", "Auditing", "Expectations",
        "CommandOptions", "CommandTrees", "Console",
        "Objects", "Registry", "Browsing", "Inventory", "InventoryCache", "Packages", "LayerStore",
        "FileTree",
        "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "CommandCompletion": [
        "CommandOptions", "Console", "Objects", "Mounting", "Engines", "Registry", "Packages", "TreeDiff",
        "LayerStore", "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "LayerCommands": [
        "CommandOptions", "CommandTrees", "Console", "Objects", "Archive", "Browsing", "Pages", "Layering", "Linting",
        "Expectations", "Engines",
        "LayerStore",
        "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "ExploreCommands": [
        "LayerCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Exploring", "Browsing", "Layering",
        "TreeDiff", "LayerStore", "FileTree", "OCI", "LinuxIO", "Threads", "ArgumentParser", "SystemPackage",
    ],
    "AuthoringCommands": [
        "ImageCommands", "CommandOptions", "CommandTrees", "Console", "Objects", "Authoring", "Archive", "Browsing",
        "Mounting", "FuseServer", "OverlayLayers", "Threads", "EngineTrees", "Engines", "Transports", "LayerStore",
        "EROFS",
        "FileTree", "OCI", "LinuxIO", "ArgumentParser", "SystemPackage",
    ],
    "CimgCommands": [
        "CommandCompletion", "InspectCommands", "MountCommands", "ImageCommands", "TrustCommands", "SigningCommands",
        "ContentsCommands",
        "AuditCommands", "PackageCommands", "ScanCommands", "DiffCommands", "LayerCommands", "ExploreCommands",
        "AuthoringCommands", "CommandOptions",
        "Console", "Objects", "Mounting", "FuseServer",
        "Registry", "Archive", "OCI", "LinuxIO", "Threads", "CVersion", "ArgumentParser", "SystemPackage",
    ],
    "cimg": ["CimgCommands"],
]

/// Modules of the toolchain, each with the modules of the product that may import it; nil for all of them.
let allowedToolchainModules: [String: Set<String>?] = [
    "Synchronization": nil,
    // Only memory functions in EROFS and TreeDiff; errno and constants elsewhere.
    "Glibc": [
        "EROFS", "TreeDiff", "Threads", "LinuxIO", "OverlayLayers", "Archive", "LayerStore", "Transports", "Engines",
        "Registry", "FileSystems",
        "Overlay", "Browsing", "FuseServer", "Console", "Signatures", "Objects", "Mounting", "EngineTrees",
        "CimgCommands", "CommandOptions", "CommandTrees", "ContentsCommands", "ImageCommands", "InspectCommands",
        "MountCommands", "TrustCommands", "CommandCompletion", "AuthoringCommands", "ExploreCommands", "ScanCommands",
        "SigningCommands", "InventoryCache", "AuditCommands", "DiffCommands",
    ],
    "FoundationEssentials": [
        "OCI", "Sigstore", "Trust", "LayerStore", "Transports", "Registry", "Objects", "Authoring",
    ],
]
