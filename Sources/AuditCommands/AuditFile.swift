// SPDX-License-Identifier: Apache-2.0

import Auditing
import CommandTrees
import Console
import Expectations
import LayerCommands
import OCI
import Objects

/// What a user wants objects to be: rules, or tests of container-structure-test, told apart by their members.
enum AuditFile {
    case rules(AuditRules)
    case tests(ExpectationFile)

    /// Bytes of a file.
    static let byteLimit = 256 << 10

    /// Reads a file.
    ///
    /// - Throws: where something in it is not understood.
    init(_ bytes: [UInt8], name: String) throws {
        if ExpectationFile.isOne(bytes, name: name, without: ["rules"]) {
            let file = try ExpectationFile(bytes, name: name)
            guard !file.isEmpty else { throw CommandError("\(name): has no test") }
            self = .tests(file)
        } else {
            self = .rules(try AuditRules(bytes, name: name))
        }
    }

    /// Asks everything of an object.
    ///
    /// - Parameters:
    ///   - db: another database of advisories; nil for that of the store.
    ///   - now: seconds since 1970.
    /// - Returns: the object's digest, nil for what has none, and an answer for each rule or test.
    func answers(
        of name: String, in finder: ObjectFinder, db: String?, now: Int64
    ) throws -> (digest: String?, answers: [AuditAnswer]) {
        switch self {
        case .rules(let file):
            var object = try AuditedObject(name, in: finder, db: db, now: now)
            return (object.opened.digest, file.rules.map { object.answer($0) })
        case .tests(let file):
            let opened = try ConfiguredTree.open(name, in: finder)
            let run = ExpectationRun(
                tree: opened.tree, configuration: opened.configuration, requiresAll: false, now: { 0 })
            return (opened.digest, run.results(of: file).map { AuditAnswer($0) })
        }
    }
}
