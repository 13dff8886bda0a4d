// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import Packages

/// Records of languages, which may lie anywhere: one walk over all names finds them.
extension InventoryReading {
    private enum Candidate {
        case python, npm, gem, composer, dotnet, conda, jar, program

        /// A number that stays, for what is kept.
        var number: UInt8 {
            switch self {
            case .python: 0
            case .npm: 1
            case .gem: 2
            case .composer: 3
            case .dotnet: 4
            case .conda: 5
            case .jar: 6
            case .program: 7
            }
        }

        /// Whether the file's name says something of the package.
        var readsName: Bool { self == .gem || self == .jar }

        /// What a file's path makes it, without a look at the file; nil for most.
        init?(_ path: UnsafeRawBufferPointer, _ nameStart: Int) {
            let name = path[nameStart...]
            func ends(_ text: StaticString) -> Bool { Self.ends(path, text) }
            switch name.last {
            case UInt8(ascii: "A") where ends(".dist-info/METADATA"): self = .python
            case UInt8(ascii: "O") where ends(".egg-info/PKG-INFO") || ends("/EGG-INFO/PKG-INFO"): self = .python
            case UInt8(ascii: "o") where ends(".egg-info"): self = .python
            case UInt8(ascii: "n") where ends("/package.json") && Self.isPackageRoot(path, nameStart): self = .npm
            case UInt8(ascii: "n") where ends("/vendor/composer/installed.json"): self = .composer
            case UInt8(ascii: "n") where ends(".deps.json"): self = .dotnet
            case UInt8(ascii: "n")
            where ends(".json") && Self.ends(.init(rebasing: path[..<nameStart]), "/conda-meta/"):
                self = .conda
            case UInt8(ascii: "c") where ends(".gemspec") && Self.isSpecification(path, nameStart): self = .gem
            case UInt8(ascii: "r") where JarRecord.isJar(name): self = .jar
            default: return nil
            }
        }

        private static func ends(_ path: UnsafeRawBufferPointer, _ text: StaticString) -> Bool {
            path.count > text.utf8CodeUnitCount
                && path.suffix(text.utf8CodeUnitCount).elementsEqual(
                    UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        }

        /// Whether a path's directory lies in `node_modules` or where Debian has its own, or in a scope there.
        private static func isPackageRoot(_ path: UnsafeRawBufferPointer, _ nameStart: Int) -> Bool {
            var above = UnsafeRawBufferPointer(rebasing: path[..<(nameStart - 1)])
            guard let own = above.lastIndex(of: 0x2F) else { return false }
            above = UnsafeRawBufferPointer(rebasing: above[..<own])
            if let scope = above.lastIndex(of: 0x2F), scope + 1 < above.count, above[scope + 1] == UInt8(ascii: "@") {
                above = UnsafeRawBufferPointer(rebasing: above[..<scope])
            }
            return ends(above, "/node_modules") || ends(above, "/share/nodejs")
        }

        private static func isSpecification(_ path: UnsafeRawBufferPointer, _ nameStart: Int) -> Bool {
            let directory = UnsafeRawBufferPointer(rebasing: path[..<nameStart])
            return ends(directory, "/specifications/") || ends(directory, "/specifications/default/")
        }

        var kinds: Set<PackageKind> {
            switch self {
            case .python: [.python]
            case .npm: [.npm]
            case .gem: [.gem]
            case .composer: [.composer]
            case .dotnet: [.dotnet]
            case .conda: [.conda]
            case .jar: [.java]
            case .program: [.goModule, .rustCrate]
            }
        }
    }

    mutating func readLanguages() {
        var found: [(BrowsedFile, Candidate)] = []
        let kinds = request.kinds
        let wantsPrograms = kinds.contains(.goModule) || kinds.contains(.rustCrate)
        // What was found before a directory that cannot be read is looked at.
        at(tree.root.path) { reading throws in
            try reading.tree.walk(from: reading.tree.root) { walked in
                if walked.type == .directory {
                    // What the kernel shows there is not the tree's.
                    let isKernels =
                        walked.depth == 1 && ["proc", "sys"].contains { walked.name.elementsEqual($0.utf8) }
                    return isKernels ? .past : .into
                }
                guard walked.type == .regular else { return .into }
                if let candidate = Candidate(walked.path, walked.nameStart) {
                    if !candidate.kinds.isDisjoint(with: kinds) { found.append((walked.file, candidate)) }
                } else if wantsPrograms {
                    reading.at(Array(walked.path)) { reading throws in
                        let facts = try reading.tree.facts(of: walked.node)
                        if facts.permissions & 0o111 != 0, facts.size >= 4096 { found.append((walked.file, .program)) }
                    }
                }
                return .into
            }
        }
        let system = packages.count
        for (file, candidate) in found where isNew(file) {
            at(file.path) { reading throws in try reading.recall(file, candidate) }
        }
        if request.owners, packages.count > system { setOwners(from: system) }
    }

    /// Adds the packages of a record, as they are remembered or else as they are read.
    private mutating func recall(_ file: BrowsedFile, _ candidate: Candidate) throws {
        guard request.isWhole, let memory = request.memory, let digest = try tree.knownDigest(of: file),
            let layer = try tree.layer(of: file)
        else { return try read(file, candidate) }
        let key = RecordKey(
            digest: digest, reader: candidate.number, name: candidate.readsName ? Array(file.name) : [])
        if let known = memory.packages(key, in: layer.diffID) {
            for package in known { add(package, [], from: file, layer: hasLayers ? layer : nil) }
            return
        }
        let (packageCount, problemCount) = (packages.count, problems.count)
        try read(file, candidate)
        if problems.count == problemCount {
            memory.keep(packages[packageCount...].map(\.package), key, in: layer.diffID)
        }
    }

    private mutating func read(_ file: BrowsedFile, _ candidate: Candidate) throws {
        let layer = try layer(of: file)
        switch candidate {
        case .program:
            let start = try tree.bytes(of: file, at: 0, count: ProgramRecord.startByteCount)
            guard ProgramRecord.isProgram(start) else { return }
            add(ProgramRecord.read(try recordFile(file)), from: file, layer: layer)
        case .jar:
            add(JarRecord.read(try recordFile(file), name: Array(file.name)), from: file, layer: layer)
        default:
            let bytes = try tree.bytes(of: file, limit: PackageLimit.manifestByteCount)
            switch candidate {
            case .python: try addPython(bytes, file, layer)
            case .npm:
                if let package = try JSONManifest.npm(bytes) { add(package, [], from: file, layer: layer) }
            case .gem:
                add(
                    try GemSpecification.package(bytes, fileName: Array(file.name)), [], from: file, layer: layer)
            case .composer: add(try JSONManifest.composer(bytes), from: file, layer: layer)
            case .dotnet: add(try JSONManifest.dotnet(bytes), from: file, layer: layer)
            case .conda: add(try JSONManifest.conda(bytes), [], from: file, layer: layer)
            case .jar, .program: break
            }
        }
    }

    private mutating func addPython(_ bytes: [UInt8], _ file: BrowsedFile, _ layer: FileLayer?) throws {
        var package = try PythonMetadata.package(bytes)
        var files: [OwnedFile] = []
        let directory = file.path.dropLast(file.name.count + 1)
        if request.files || tellsBuilds, file.name.elementsEqual("METADATA".utf8),
            let record = try tree.find(Array(directory) + Array("/RECORD".utf8)), record.type == .regular
        {
            let promised = try PythonMetadata.files(try tree.bytes(of: record, limit: PackageLimit.recordByteCount))
            package.build = Self.build(promised)
            let base = directory[..<(directory.lastIndex(of: 0x2F) ?? directory.startIndex)]
            files = promised.map { owned in
                var owned = owned
                if owned.path.first != 0x2F { owned.path = Array(base) + [0x2F] + owned.path }
                return owned
            }
        }
        add(package, files, from: file, layer: layer)
    }

    /// What tells a build of a Python package: the digest of what its maker promised; what installers add is left out.
    private static func build(_ files: [OwnedFile]) -> [UInt8] {
        var lines = files.compactMap { file -> [UInt8]? in
            guard let checksum = file.checksum, !file.path.starts(with: "..".utf8),
                file.path.firstRange(of: Array(".dist-info/".utf8)) == nil
            else { return nil }
            return file.path + [0] + checksum.bytes
        }
        if lines.isEmpty { return [] }
        lines.sort { $0.lexicographicallyPrecedes($1) }
        var hasher = DigestHasher()
        for line in lines { hasher.update(line) }
        return hasher.finish().bytes
    }

    /// Finds the packages of the system that own the records of languages' packages.
    private mutating func setOwners(from first: Int) {
        let wanted = packages[first...].map(\.record)
        do {
            var inner = InventoryReading(
                tree, TreeInventory.Request(kinds: Set(PackageKind.allCases.filter(\.isSystem)), files: true))
            inner.readSystem()
            let owners = try FileOwners(tree, inner.packages, of: wanted)
            for place in first..<packages.count {
                packages[place].owner = owners.owners(of: packages[place].record).first.map { $0.name }
            }
        } catch {
            problems.append(InventoryProblem(path: [0x2F], cause: "\(error)"))
        }
    }
}
