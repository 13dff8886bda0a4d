// SPDX-License-Identifier: Apache-2.0

import Advisories
import Bolt
import CommandOptions
import Console
import Glibc
import LinuxIO
import OCI
import Objects
import SystemPackage

/// A database of advisories that was opened, and how old it is.
struct OpenedAdvisories {
    /// The database.
    let database: AdvisoryDatabase
    /// Where it is.
    let path: FilePath
    /// Bytes of it.
    let size: UInt64
    /// What is written beside it; nil where nothing is.
    let metadata: AdvisoryMetadata?
    /// When its content was collected: as written, else as the file says.
    let time: Moment

    /// After how many seconds a database is told to be old: a week, while a new one is made every six hours.
    private static let oldAge: Int64 = 7 * 86_400

    /// A line about its age.
    func age(at now: Moment) -> String {
        let day = BillOfMaterials.time(time.seconds).prefix(10)
        let source = metadata == nil ? ", by the time of its file" : ""
        return "advisories of \(day), \(time.age(at: now).lowercased()) old\(source)"
    }

    /// Whether newer advisories should be fetched first.
    func isOld(at now: Moment) -> Bool {
        let (age, overflow) = now.seconds.subtractingReportingOverflow(time.seconds)
        return overflow || age > Self.oldAge
    }
}

/// The folder in which a database is kept: `trivy.db`, and `metadata.json` beside it.
struct AdvisoryFolder {
    static let databaseName = "trivy.db"
    static let metadataName = "metadata.json"

    let path: FilePath

    /// That of a store.
    init(of place: StorePlace) throws {
        guard !place.path.isEmpty else {
            throw CommandError("no store: HOME is not set and the user is not known; give --root, or set CIMG_ROOT")
        }
        path = place.path.appending("advisories")
    }

    init(_ path: FilePath) { self.path = path }

    /// Opens the database of a store, or the one that a user named: a file, or a folder that it is in.
    static func open(_ text: String?, of place: StorePlace) throws -> OpenedAdvisories {
        guard let text else { return try AdvisoryFolder(of: place).open(called: nil) }
        let path = FilePath(argument: text)
        if fileExists(path.appending(".")) { return try AdvisoryFolder(path).open(called: text) }
        return try open(path, metadata: path.removingLastComponent().appending(metadataName), called: text)
    }

    private func open(called name: String?) throws -> OpenedAdvisories {
        try Self.open(
            path.appending(Self.databaseName), metadata: path.appending(Self.metadataName), called: name)
    }

    private static func open(_ path: FilePath, metadata: FilePath, called name: String?) throws -> OpenedAdvisories {
        let object = name.map { "\"\($0.printable)\"" } ?? "advisories \(path)"
        let file: Descriptor
        do throws(Errno) {
            file = try Descriptor.open(path, O_RDONLY)
        } catch .noSuchFileOrDirectory where name == nil {
            throw CommandError(
                "no advisories: there is no \(path); fetch some: cimg db update docker://ghcr.io/aquasecurity/trivy-db:2"
            )
        } catch {
            throw CommandError("\(object): \(error)")
        }
        let status = try file.status()
        guard status.st_mode & S_IFMT == S_IFREG else { throw CommandError("\(object): is not a regular file") }
        let database = try AdvisoryDatabase(BoltFile(file, object: object), object: object)
        let facts = try Self.metadata(at: metadata)
        let time = facts.flatMap { Moment(parsing: $0.updated) } ?? Moment(seconds: Int64(status.st_mtim.tv_sec))
        return OpenedAdvisories(
            database: database, path: path, size: UInt64(max(0, status.st_size)), metadata: facts, time: time)
    }

    private static func metadata(at path: FilePath) throws -> AdvisoryMetadata? {
        let file: Descriptor
        do throws(Errno) {
            file = try Descriptor.open(path, O_RDONLY)
        } catch .noSuchFileOrDirectory {
            return nil
        } catch {
            throw CommandError("\(path): \(error)")
        }
        var bytes = [UInt8](repeating: 0, count: AdvisoryMetadata.byteLimit + 1)
        let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        return try AdvisoryMetadata(Array(bytes.prefix(count)), name: "\(path)")
    }
}
