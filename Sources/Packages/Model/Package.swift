// SPDX-License-Identifier: Apache-2.0

/// Whose record a package was found in.
package enum PackageKind: String, Sendable, CaseIterable, Comparable {
    /// Debian's and Ubuntu's.
    case deb
    case rpm
    case apk
    /// That of pacman.
    case alpm
    case python
    case npm
    case gem
    /// A module that a Go program was built from.
    case goModule = "go"
    /// A crate that a Rust program was built from.
    case rustCrate = "cargo"
    /// A jar, or what is in one.
    case java = "maven"
    case composer
    case dotnet = "nuget"
    case conda

    /// Whether it belongs to the distribution, which has one database of all it installed.
    package var isSystem: Bool {
        switch self {
        case .deb, .rpm, .apk, .alpm: true
        default: false
        }
    }

    /// The order of its versions.
    package var versionOrder: VersionOrder {
        switch self {
        case .deb: .dpkg
        case .rpm: .rpm
        case .apk: .apk
        case .alpm: .alpm
        case .python: .pep440
        case .npm, .goModule, .rustCrate, .conda: .semantic
        case .gem: .gem
        case .java: .maven
        case .composer: .composer
        case .dotnet: .nuget
        }
    }

    package static func < (left: PackageKind, right: PackageKind) -> Bool { left.rawValue < right.rawValue }
}

/// The package of sources that a binary package was built from.
package struct SourcePackage: Hashable, Sendable {
    /// Its name.
    package var name: [UInt8]
    /// Its version, which a rebuild of the binary does not change; empty where it is not known.
    package var version: [UInt8]

    /// Makes a source package.
    package init(name: [UInt8], version: [UInt8]) {
        self.name = name
        self.version = version
    }
}

/// An installed package.
///
/// Texts are bytes as the record has them, which can be anything.
package struct Package: Hashable, Sendable {
    /// Whose record it was found in.
    package var kind: PackageKind
    /// Its name, for npm with the scope; for Java the artifact's.
    package var name: [UInt8]
    /// Its version as its tool prints it: `epoch:version-release` where it has them.
    package var version: [UInt8]
    /// Machines it is for; empty where it has none.
    package var architecture: [UInt8] = []
    /// What it was built from; nil where that has its name and version, or is not known.
    package var source: SourcePackage?
    /// Licences as they are declared: names or expressions.
    package var licences: [[UInt8]] = []
    /// Who made or maintains it; empty where nobody says so.
    package var supplier: [UInt8] = []
    /// Java's group; empty for others.
    package var group: [UInt8] = []
    /// The module that an rpm package belongs to: `nodejs:12:8030020201124152102:229f0a1c`; empty for others.
    package var modularity: [UInt8] = []
    /// What tells this build from others of the same version: a digest, a time; empty where the record has nothing such.
    package var build: [UInt8] = []

    /// Makes a package.
    package init(_ kind: PackageKind, name: [UInt8], version: [UInt8]) {
        self.kind = kind
        self.name = name
        self.version = version
    }

    /// The name that advisories of a distribution use.
    package var sourceName: [UInt8] { source?.name ?? name }

    /// The version that advisories of a distribution use.
    package var sourceVersion: [UInt8] {
        guard let source, !source.version.isEmpty else { return version }
        return source.version
    }
}

/// A digest that a package's maker promised of a file.
package enum FileChecksum: Hashable, Sendable {
    case md5([UInt8])
    case sha1([UInt8])
    case sha256([UInt8])

    /// The name of the algorithm.
    package var algorithm: String {
        switch self {
        case .md5: "md5"
        case .sha1: "sha1"
        case .sha256: "sha256"
        }
    }

    /// The digest's bytes.
    package var bytes: [UInt8] {
        switch self {
        case .md5(let bytes), .sha1(let bytes), .sha256(let bytes): bytes
        }
    }
}

/// A file that a package owns.
package struct OwnedFile: Hashable, Sendable {
    /// Its absolute path as the record has it: links in it are not resolved.
    package var path: [UInt8]
    /// What the maker promised of its bytes; nil for what has none, and where the record does not say.
    package var checksum: FileChecksum?
    /// Whether it is a file of configuration, which its user changes.
    package var isConfiguration = false
    /// Whether it need not be there: made by programs, documentation that was left out.
    package var mayBeMissing = false

    /// Makes an owned file.
    package init(path: [UInt8], checksum: FileChecksum? = nil) {
        self.path = path
        self.checksum = checksum
    }
}

/// A package and the files that it owns, where they were asked for.
package struct PackageRecord: Hashable, Sendable {
    /// The package.
    package var package: Package
    /// Its files, in the record's order.
    package var files: [OwnedFile] = []

    /// Makes a record.
    package init(_ package: Package, files: [OwnedFile] = []) {
        self.package = package
        self.files = files
    }
}

/// What a reader found: what could be read, and what could not.
package struct PackageList: Sendable {
    /// What was found, in the record's order.
    package var records: [PackageRecord] = []
    /// What is damaged.
    package var problems: [RecordError] = []

    /// Makes a list.
    package init(_ records: [PackageRecord] = []) { self.records = records }

    /// Runs a part of a reader; what it throws becomes a problem, and the rest stands.
    mutating func collect(_ read: (inout PackageList) throws(RecordError) -> Void) {
        do throws(RecordError) {
            try read(&self)
        } catch {
            if problems.count < PackageLimit.problems { problems.append(error) }
        }
    }

    /// Adds a record.
    mutating func add(_ record: PackageRecord, to object: String) throws(RecordError) {
        guard records.count < PackageLimit.packages else {
            throw RecordError(object, "has more than \(PackageLimit.packages) packages")
        }
        records.append(record)
    }
}
