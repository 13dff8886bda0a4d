// SPDX-License-Identifier: Apache-2.0

import Browsing
import Console
import FileTree
import OCI
package import Packages

/// A question for packages: `openssl < 3.0.13`, `lib*`, `python3 >= 3.11`.
package struct PackageQuery {
    /// How a version must stand to the one of the question.
    enum Operation: String, CaseIterable {
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case notEqual = "!="
        case same = "=="
        case less = "<"
        case greater = ">"
        case equal = "="

        func holds(_ relation: VersionRelation) -> Bool {
            switch self {
            case .less: relation == .less
            case .lessOrEqual: relation != .greater
            case .equal, .same: relation == .equal
            case .notEqual: relation != .equal
            case .greaterOrEqual: relation != .less
            case .greater: relation == .greater
            }
        }
    }

    private let name: [UInt8]
    private let pattern: NamePattern?
    private let condition: (operation: Operation, version: [UInt8])?

    /// Reads a question: a name or pattern, and perhaps an operator and a version, with blanks or without.
    package init(_ text: String) throws {
        let bytes = RawArguments.bytes(of: text)
        var rest = bytes[...]
        func trim() {
            while rest.first == 0x20 { rest.removeFirst() }
            while rest.last == 0x20 { rest.removeLast() }
        }
        trim()
        let end = rest.firstIndex { "<>=! ".utf8.contains($0) } ?? rest.endIndex
        name = Array(rest[..<end])
        rest = rest[end...]
        trim()
        guard !name.isEmpty else { throw Self.malformed(text) }
        pattern = NamePattern.isPattern(name) ? NamePattern(name) : nil
        guard !rest.isEmpty else {
            condition = nil
            return
        }
        guard let operation = Operation.allCases.first(where: { rest.starts(with: $0.rawValue.utf8) }) else {
            throw Self.malformed(text)
        }
        rest = rest.dropFirst(operation.rawValue.utf8.count)
        trim()
        guard !rest.isEmpty, !rest.contains(0x20) else { throw Self.malformed(text) }
        condition = (operation, Array(rest))
    }

    private static func malformed(_ text: String) -> CommandError {
        CommandError(
            "--find \"\(text.printable)\": not of the form 'NAME' or 'NAME OPERATOR VERSION', with <, <=, =, !=, >= or >"
        )
    }

    /// Whether a package is one that is asked for, by its own name or that of its source.
    ///
    /// - Throws: `CommandError` where its version, or the question's, is none of its kind.
    package func matches(_ package: Package) throws -> Bool {
        let isOwn = fits(package.name)
        guard isOwn || fits(package.sourceName) else { return false }
        guard let condition else { return true }
        let version = isOwn ? package.version : package.sourceVersion
        guard let relation = package.kind.versionOrder.compare(version, condition.version) else {
            throw CommandError(
                "\(package.kind.rawValue) package \"\(Bytes.escaped(package.name))\": version "
                    + "\"\(Bytes.escaped(version))\" cannot be compared with \"\(Bytes.escaped(condition.version))\"")
        }
        return condition.operation.holds(relation)
    }

    private func fits(_ candidate: [UInt8]) -> Bool { pattern?.matches(candidate) ?? (candidate == name) }
}
