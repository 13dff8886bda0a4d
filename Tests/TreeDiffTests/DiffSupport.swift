// SPDX-License-Identifier: Apache-2.0

import CommandTrees
import DiffCommands
import FileTree
import TestSupport
import Testing
import TreeDiff

/// Where the two trees of a test are kept; what is printed must not depend on it.
enum Storage: CaseIterable, CustomStringConvertible {
    case memory, memoryWithDigests, memoryWithAllDigests, disk

    /// All of them; on the disk only the superuser can give files their owners.
    static var allCases: [Storage] {
        [.memory, .memoryWithDigests, .memoryWithAllDigests] + (Requirements.root ? [.disk] : [])
    }

    var description: String {
        switch self {
        case .memory: "in memory"
        case .memoryWithDigests: "in memory, contents known"
        case .memoryWithAllDigests: "in memory, subtrees known"
        case .disk: "on disk"
        }
    }

    /// Lends the tree of a list of entries.
    func with<Result>(_ entries: [MemoryEntry], _ body: (any TreeSource) throws -> Result) throws -> Result {
        switch self {
        case .memory: return try body(MemoryTree(entries))
        case .memoryWithDigests: return try body(MemoryTree(entries, knows: .contents))
        case .memoryWithAllDigests: return try body(MemoryTree(entries, knows: .everything))
        case .disk:
            let disk = try DiskTree(entries)
            return try withExtendedLifetime(disk) { try body(disk.tree()) }
        }
    }
}

/// What a report prints about two trees.
func printed(
    _ left: any TreeSource, _ right: any TreeSource, _ options: ComparisonOptions = ComparisonOptions(),
    as format: any DiffReport = DiffText()
) throws -> String {
    var bytes: [UInt8] = []
    let sides = (
        DiffSide(name: "old", digest: nil, tree: left), DiffSide(name: "new", digest: "sha256:12", tree: right)
    )
    let differs = try report(left: sides.0, right: sides.1, options: options, as: format) { bytes += $0 }
    let text = String(decoding: bytes, as: UTF8.self)
    if format is DiffText && differs == text.isEmpty { return "differs: \(differs)\n" + text }
    return text
}

/// All changes between two trees.
func changes(
    _ left: any TreeSource, _ right: any TreeSource, _ options: ComparisonOptions = ComparisonOptions()
) throws -> [Change] {
    var changes: [Change] = []
    try TreeComparison(left: left, right: right, options: options).forEachChange { changes.append($0) }
    // Threads change neither what is found nor its order.
    var together = options
    together.threadCount = 4
    var others: [Change] = []
    try TreeComparison(left: left, right: right, options: together).forEachChange { others.append($0) }
    #expect(others == changes)
    return changes
}
