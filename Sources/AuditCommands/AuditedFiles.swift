// SPDX-License-Identifier: Apache-2.0

import Auditing
import Browsing
import Console
import DiffCommands
import FileTree
import OCI

/// Files that rules ask for, with the names that the tree gives to users and groups.
struct AuditedFiles {
    /// Bytes of a file that is searched for texts.
    private static let textLimit: UInt64 = 64 << 20

    private let tree: BrowsedTree
    private let users: AccountNames
    private let groups: AccountNames

    init(_ tree: BrowsedTree) throws {
        self.tree = tree
        (users, groups) = (try tree.userNames(), try tree.groupNames())
    }

    /// Asks for the files of a path or pattern.
    func ask(_ rule: AuditRule.FileRule, _ path: String, _ answer: inout AuditAnswer) throws {
        let bytes = Array(path.utf8)
        let found: [BrowsedFile]
        if NamePattern.isPattern(bytes) {
            do throws(BrowsingError) {
                found = try tree.files(bytes, followsLast: false)
            } catch {
                guard case .noMatch = error.cause else { throw error }
                found = []
            }
        } else {
            found = try tree.find(bytes, followsLast: false).map { [$0] } ?? []
        }
        guard rule.exists else {
            for file in found { answer.add(Bytes.escaped(file.path), "must not be there") }
            return
        }
        if found.isEmpty { answer.add(path.printable, "is not there") }
        for file in found { try ask(rule, file, &answer) }
    }

    private func ask(_ rule: AuditRule.FileRule, _ file: BrowsedFile, _ answer: inout AuditAnswer) throws {
        let attributes = try tree.attributes(of: file)
        let place = Bytes.escaped(file.path)
        let type = DiffValue.type(attributes.type)
        if let wanted = rule.type, wanted != type { answer.add(place, "is of type \(type), not \(wanted.printable)") }
        let mode = UInt16(truncatingIfNeeded: attributes.permissions)
        if let wanted = rule.mode, mode != wanted {
            answer.add(place, "has mode \(Self.text(mode)), not \(Self.text(wanted))")
        }
        if let most = rule.maximumMode, mode & ~most != 0 {
            answer.add(place, "has mode \(Self.text(mode)), more than \(Self.text(most))")
        }
        if let wanted = rule.owner, number(wanted, users) != attributes.uid {
            answer.add(place, "belongs to \(Self.name(attributes.uid, users)), not \(wanted.printable)")
        }
        if let wanted = rule.group, number(wanted, groups) != attributes.gid {
            answer.add(place, "belongs to the group \(Self.name(attributes.gid, groups)), not \(wanted.printable)")
        }
        if let wanted = rule.target, attributes.target != Array(wanted.utf8) {
            answer.add(place, "leads to \(Bytes.escaped(attributes.target)), not \(wanted.printable)")
        }
        guard !rule.digests.isEmpty || !rule.contains.isEmpty || !rule.lacks.isEmpty else { return }
        // The content is that of what a link leads to.
        let target = try tree.resolve(file.path)
        guard target.type == .regular else { return answer.add(place, "is no regular file") }
        if !rule.digests.isEmpty {
            let digest = try tree.digest(of: target).hex
            if !rule.digests.contains(digest) { answer.add(place, "has the digest sha256:\(digest)") }
        }
        guard !rule.contains.isEmpty || !rule.lacks.isEmpty else { return }
        let bytes = try tree.bytes(of: target, limit: Self.textLimit)
        for text in rule.contains where bytes.firstRange(of: Array(text.utf8)) == nil {
            answer.add(place, "does not contain \"\(text.printable)\"")
        }
        for text in rule.lacks where bytes.firstRange(of: Array(text.utf8)) != nil {
            answer.add(place, "contains \"\(text.printable)\"")
        }
    }

    /// The number of a user or group; nil for a name that the tree does not have, which nothing belongs to.
    private func number(_ text: String, _ names: AccountNames) -> UInt32? {
        names.number(of: Array(text.utf8)) ?? UInt32(text)
    }

    private static func name(_ number: UInt32, _ names: AccountNames) -> String {
        names.name(of: number).map { Bytes.escaped($0) } ?? "\(number)"
    }

    private static func text(_ mode: UInt16) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
    }
}
