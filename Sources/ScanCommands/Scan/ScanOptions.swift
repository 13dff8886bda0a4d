// SPDX-License-Identifier: Apache-2.0

import Advisories
import ArgumentParser
import CommandOptions
import Console
import Glibc
import LinuxIO
import OCI
import SystemPackage

/// Options that say which findings are told.
struct ScanOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Another database: a file trivy.db, or the folder it is in.", valueName: "path"))
    var db: String?

    @Option(help: ArgumentHelp("The only severities to tell, separated by commas.", valueName: "severity,..."))
    var severity: [String] = []

    @Flag(help: "Tell only what has a fix.")
    var ignoreUnfixed = false

    @Option(
        name: [.customLong("ignore-file"), .customLong("ignorefile")],
        help: ArgumentHelp(
            "A list of vulnerabilities not to tell. Without it: .trivyignore and .trivyignore.yaml, where they are there.",
            valueName: "file"),
        completion: .file())
    var ignoreFile: String?

    @Option(
        help: ArgumentHelp("What others state about vulnerabilities: OpenVEX or CycloneDX.", valueName: "file"),
        completion: .file())
    var vex: [String] = []

    @Option(
        name: [.long, .customLong("vuln-type"), .customLong("pkg-types")],
        help: ArgumentHelp("Whose packages to judge: os, library or both.", valueName: "type,..."))
    var types: [String] = []

    /// Makes the options for the parser.
    init() {}

    /// Bytes of a list.
    private static let listLimit = 16 << 20

    /// The severities that are told.
    func severities() throws -> Set<Severity> {
        let names = severity.flatMap { $0.split(separator: ",") }
        if names.isEmpty { return Set(Severity.allCases) }
        return try names.reduce(into: []) { severities, name in
            guard let severity = Severity(name: String(name)) else {
                let known = Severity.allCases.map(\.name).joined(separator: ", ")
                throw CommandError("--severity \"\(String(name).printable)\": none of \(known)")
            }
            severities.insert(severity)
        }
    }

    /// Whether packages of the distribution and of languages are judged.
    func packageTypes() throws -> (system: Bool, languages: Bool) {
        let names = types.flatMap { $0.split(separator: ",") }
        if let unknown = names.first(where: { $0 != "os" && $0 != "library" }) {
            throw CommandError("--types \"\(String(unknown).printable)\": none of os, library")
        }
        return names.isEmpty ? (true, true) : (names.contains("os"), names.contains("library"))
    }

    /// What is told, with the files that say so read.
    func filter() throws -> ScanFilter {
        var filter = ScanFilter()
        filter.severities = try severities()
        filter.ignoresUnfixed = ignoreUnfixed
        for file in ignoreFile.map({ [$0] }) ?? [".trivyignore", ".trivyignore.yaml"] {
            guard let bytes = try Self.read(file, isNeeded: ignoreFile != nil, Self.listLimit) else { continue }
            let isYAML = [".yaml", ".yml"].contains { file.hasSuffix($0) }
            filter.list.add(
                isYAML
                    ? try IgnoreList(yaml: bytes, name: file.printable)
                    : try IgnoreList(bytes, name: file.printable))
        }
        for file in vex {
            let bytes = try Self.read(file, isNeeded: true, ExploitStatements.byteLimit) ?? []
            try filter.statements.add(bytes, name: file.printable)
        }
        return filter
    }

    /// The bytes of a file or a stream that a user named; nil for one that is not there and need not be.
    static func read(_ text: String, isNeeded: Bool, _ limit: Int) throws -> [UInt8]? {
        do throws(Errno) {
            let file = try Descriptor.openStream(FilePath(argument: text))
            var bytes: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while bytes.count <= limit {
                var count = 0
                let result: Result<Int, Errno> = buffer.withUnsafeMutableBytes { memory in
                    do throws(Errno) { return .success(try file.read(into: memory)) } catch { return .failure(error) }
                }
                count = try result.get()
                if count == 0 { return bytes }
                bytes += buffer[..<count]
            }
        } catch .noSuchFileOrDirectory where !isNeeded {
            return nil
        } catch {
            throw CommandError("\"\(text.printable)\": \(error)")
        }
        throw CommandError("\"\(text.printable)\": is larger than \(limit) bytes")
    }
}
