// SPDX-License-Identifier: Apache-2.0

import Browsing
import FileTree
import OCI
import Packages

/// The databases of distributions.
extension InventoryReading {
    mutating func readSystem() {
        let kinds = request.kinds
        if kinds.contains(.deb) { readDpkg() }
        if kinds.contains(.apk) { readAPK() }
        if kinds.contains(.rpm) { readRPM() }
        if kinds.contains(.alpm) { readAlpm() }
    }

    // MARK: - Debian

    private mutating func readDpkg() {
        at(Array("/var/lib/dpkg/status".utf8)) { reading throws in
            guard let file = try reading.record("/var/lib/dpkg/status") else { return }
            let list = DpkgStatus.read(try reading.tree.bytes(of: file, limit: PackageLimit.recordByteCount))
            try reading.addDpkg(list, from: file)
        }
        // What has no package manager has a file for each package.
        at(Array("/var/lib/dpkg/status.d".utf8)) { reading throws in
            for file in try reading.files("/var/lib/dpkg/status.d")
            where file.type == .regular && !file.name.suffix(8).elementsEqual(".md5sums".utf8) {
                reading.at(file.path) { reading throws in
                    let list = DpkgStatus.read(try reading.tree.bytes(of: file, limit: PackageLimit.manifestByteCount))
                    reading.add(list, from: file, layer: try reading.layer(of: file))
                    guard reading.tellsBuilds || reading.request.files, let last = reading.packages.indices.last else {
                        return
                    }
                    let sums = file.path + Array(".md5sums".utf8)
                    guard let file = try reading.tree.find(sums), file.type == .regular else { return }
                    reading.packages[last].package.build = try reading.build(of: file)
                    guard reading.request.files else { return }
                    reading.packages[last].files = try DpkgStatus.digests(
                        try reading.tree.bytes(of: file, limit: PackageLimit.recordByteCount))
                }
            }
        }
        at(Array("/usr/lib/opkg/status".utf8)) { reading throws in
            guard let file = try reading.record("/usr/lib/opkg/status") else { return }
            let list = DpkgStatus.read(try reading.tree.bytes(of: file, limit: PackageLimit.recordByteCount))
            reading.add(list, from: file, layer: try reading.layer(of: file))
        }
    }

    /// Packages of one file for all: each has a list of files of its own, which tells the layer.
    private mutating func addDpkg(_ list: PackageList, from file: BrowsedFile) throws {
        let needsInfo = hasLayers || tellsBuilds || request.files
        let info = needsInfo ? try tree.find("/var/lib/dpkg/info") : nil
        var whole = list
        whole.records = []
        add(whole, from: file)
        let fallback = try layer(of: file)
        for record in list.records {
            var layer = fallback
            var files: [OwnedFile] = []
            var package = record.package
            if let info {
                at(info.path) { reading throws in
                    // The record has no word of the build, but its files are of one.
                    if reading.tellsBuilds, let sums = try reading.infoFile("md5sums", of: package, in: info) {
                        package.build = try reading.build(of: sums)
                    }
                    guard let list = try reading.infoFile("list", of: package, in: info) else { return }
                    layer = try reading.layer(of: list) ?? layer
                    if reading.request.files {
                        files = try DpkgStatus.paths(
                            try reading.tree.bytes(of: list, limit: PackageLimit.recordByteCount))
                        try reading.addDigests(of: record.package, in: info, to: &files)
                    }
                }
            }
            add(package, files, from: file, layer: layer)
        }
    }

    private func infoFile(_ suffix: String, of package: Package, in info: BrowsedFile) throws -> BrowsedFile? {
        let plain = package.name + Array(".\(suffix)".utf8)
        let several = package.name + Array(":".utf8) + package.architecture + Array(".\(suffix)".utf8)
        for name in [plain, several] where !name.contains(0x2F) {
            if let file = try tree.child(name, of: info), file.type == .regular { return file }
        }
        return nil
    }

    private func addDigests(of package: Package, in info: BrowsedFile, to files: inout [OwnedFile]) throws {
        var configuration: Set<[UInt8]> = []
        if let file = try infoFile("conffiles", of: package, in: info) {
            for line in try tree.bytes(of: file, limit: PackageLimit.manifestByteCount).split(separator: 0x0A) {
                configuration.insert(Array(line.prefix { $0 != 0x20 }))
            }
        }
        var digests: [[UInt8]: FileChecksum] = [:]
        if let file = try infoFile("md5sums", of: package, in: info) {
            for file in try DpkgStatus.digests(try tree.bytes(of: file, limit: PackageLimit.recordByteCount)) {
                digests[file.path] = file.checksum
            }
        }
        for place in files.indices {
            files[place].checksum = digests[files[place].path]
            files[place].isConfiguration = configuration.contains(files[place].path)
            // Images leave documentation out (path-exclude of dpkg.cfg).
            files[place].mayBeMissing = [
                "/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/", "/usr/share/info/",
            ]
            .contains { files[place].path.starts(with: $0.utf8) }
        }
    }

    // MARK: - Alpine

    private mutating func readAPK() {
        for path in ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"] {
            at(Array(path.utf8)) { reading throws in
                guard let file = try reading.record(path) else { return }
                let bytes = try reading.tree.bytes(of: file, limit: PackageLimit.recordByteCount)
                let list = APKInstalled.read(bytes, files: reading.request.files || reading.hasLayers)
                try reading.addByFiles(list, from: file)
            }
        }
    }

    /// Packages of one file for all, which tells their files: these tell the layer.
    private mutating func addByFiles(_ list: PackageList, from file: BrowsedFile) throws {
        let fallback = try layer(of: file)
        for record in list.records {
            let layer = hasLayers ? try layer(ofMost: record.files) ?? fallback : nil
            add(record.package, record.files, from: file, layer: layer)
        }
        var problems = list
        problems.records = []
        add(problems, from: file)
    }

    // MARK: - rpm

    private mutating func readRPM() {
        for directory in ["/var/lib/rpm", "/usr/lib/sysimage/rpm", "/usr/share/rpm"] {
            for name in ["rpmdb.sqlite", "Packages.db", "Packages"] {
                let path = directory + "/" + name
                guard let kind = RPMDatabase.kind(ofFile: Array(name.utf8)) else { continue }
                at(Array(path.utf8)) { reading throws in
                    guard let file = try reading.record(path) else { return }
                    // An empty one lies where another kind took its place.
                    guard try reading.tree.attributes(of: file).size > 0 else { return }
                    let log = try reading.tree.find(path + "-wal").map { try reading.recordFile($0) }
                    let list = RPMDatabase.read(
                        try reading.recordFile(file), kind: kind, log: kind == .sqlite ? log : nil,
                        fileLimit: reading.request.files ? .max : reading.hasLayers ? 16 : 0)
                    try reading.addByFiles(list, from: file)
                }
            }
        }
        at(Array("/var/lib/rpmmanifest/container-manifest-2".utf8)) { reading throws in
            guard let file = try reading.record("/var/lib/rpmmanifest/container-manifest-2") else { return }
            let list = RPMDatabase.readManifest(
                try reading.tree.bytes(of: file, limit: PackageLimit.manifestByteCount))
            reading.add(list, from: file, layer: try reading.layer(of: file))
        }
    }

    // MARK: - pacman

    private mutating func readAlpm() {
        at(Array("/var/lib/pacman/local".utf8)) { reading throws in
            for directory in try reading.files("/var/lib/pacman/local") where directory.type == .directory {
                reading.at(directory.path(of: "desc".utf8)) { reading throws in
                    guard let file = try reading.tree.child("desc".utf8, of: directory), file.type == .regular else {
                        return
                    }
                    let package = try AlpmRecord.package(
                        try reading.tree.bytes(of: file, limit: PackageLimit.manifestByteCount))
                    var files: [OwnedFile] = []
                    if reading.request.files, let list = try reading.tree.child("files".utf8, of: directory) {
                        files = try AlpmRecord.files(
                            try reading.tree.bytes(of: list, limit: PackageLimit.recordByteCount))
                    }
                    reading.add(package, files, from: file, layer: try reading.layer(of: file))
                }
            }
        }
    }
}
