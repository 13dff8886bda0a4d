// SPDX-License-Identifier: Apache-2.0

/// That of rpm: one header for each package, in one of three kinds of databases.
///
/// rpm's own library wants a directory on disk, locks it, makes files in it, and reads macros of this machine; SQLite's
/// would read a hostile file with all that SQL can do. One scan of one table is all that is needed, so each kind is read
/// here, with bounds.
package enum RPMDatabase {
    /// How the headers are kept.
    package enum Kind: Sendable {
        /// `rpmdb.sqlite`.
        case sqlite
        /// `Packages.db`.
        case ndb
        /// `Packages`.
        case berkeley
    }

    /// The kind of a database by the name of its file; nil for a file that is none.
    package static func kind(ofFile name: [UInt8]) -> Kind? {
        switch String(decoding: name, as: UTF8.self) {
        case "rpmdb.sqlite": .sqlite
        case "Packages.db": .ndb
        case "Packages": .berkeley
        default: nil
        }
    }

    /// Reads the packages that are installed.
    ///
    /// - Parameters:
    ///   - file: the database; damage is a problem of the list.
    ///   - kind: how it keeps the headers.
    ///   - log: the write-ahead log beside a database of SQLite: what a running container has not yet put into it; nil
    ///     for none.
    ///   - fileLimit: how many of each package's files are wanted, directories counted.
    package static func read(
        _ file: RecordFile, kind: Kind, log: RecordFile? = nil, fileLimit: Int = .max
    ) -> PackageList {
        var list = PackageList()
        func take(_ blob: [UInt8], _ list: inout PackageList, _ number: Int) {
            list.collect { (list) throws(RecordError) in
                do throws(RecordError) {
                    let header = try RPMHeader(blob)
                    guard let package = try header.package() else { return }
                    list.records.append(PackageRecord(package, files: try header.files(limit: fileLimit)))
                } catch {
                    throw RecordError("rpm database: header \(number)", at: error.place, error.cause)
                }
            }
        }
        list.collect { (list) throws(RecordError) in
            var number = 0
            let take = { (blob: [UInt8]) throws(RecordError) -> Void in
                number += 1
                guard number <= PackageLimit.packages else {
                    throw RecordError("rpm database", "has more than \(PackageLimit.packages) packages")
                }
                take(blob, &list, number)
            }
            switch kind {
            case .sqlite: try SQLiteScan(file, log: log).forEachBlob(ofTable: "Packages", take)
            case .ndb: try NDBScan(file).forEachBlob(take)
            case .berkeley: try BerkeleyScan(file).forEachBlob(take)
            }
        }
        return list
    }

    /// Reads the list that distributions without rpm leave: `/var/lib/rpmmanifest/container-manifest-2`.
    package static func readManifest(_ bytes: [UInt8]) -> PackageList {
        var list = PackageList()
        for (number, line) in Lines(bytes).enumerated() where !line.isEmpty {
            list.collect { (list) throws(RecordError) in
                let fields = line.split(separator: 0x09, omittingEmptySubsequences: false)
                guard fields.count >= 8, !fields[0].isEmpty, !fields[1].isEmpty else {
                    throw RecordError("rpm manifest", at: "line \(number + 1)", "has not the fields of a package")
                }
                let epoch = fields.count > 8 ? UInt64(String(decoding: fields[8], as: UTF8.self)) ?? 0 : 0
                var package = Package(
                    .rpm, name: Array(fields[0]),
                    version: (epoch > 0 ? Array("\(epoch):".utf8) : []) + fields[1])
                package.supplier = Array(fields[4])
                package.architecture = Array(fields[7])
                if fields.count > 9 { package.source = RPMHeader.source(Array(fields[9]), epoch: epoch) }
                try list.add(PackageRecord(package), to: "rpm manifest")
            }
        }
        return list
    }
}
