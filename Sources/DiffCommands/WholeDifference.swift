// SPDX-License-Identifier: Apache-2.0

import Browsing
import CommandTrees
import Console
import FileTree
import Inventory
import Objects
import PackageCommands
import ScanCommands
import TreeDiff

/// Everything in which two objects differ, as one value of which any report can be made.
struct WholeDifference {
    /// A file that differs.
    struct File {
        /// What differs; of a file that moved what is new.
        let change: Change
        /// Of a file that moved what is gone.
        var old: Change?
        /// The lines that differ, as `diff -u` prints them, or a remark in parentheses; empty where there is neither.
        var text: [UInt8] = []
        /// Why no changed package accounts for it; nil where one does, and for directories that came or went.
        var reason: ChangeExplanation.Reason?
        /// The layer that brought what is on the right side, else what was on the left one.
        var layer: FileLayer?
    }

    /// What was.
    let left: DiffSide
    /// What is.
    let right: DiffSide
    /// The fields that were compared.
    let fields: ChangedFields
    /// The files that differ, in the order of the trees.
    private(set) var files: [File] = []
    /// The packages that differ, and what either side has.
    let packages: PackageDiff
    /// What the images say of themselves; nil where one side is no image.
    private(set) var configuration: DiffConfiguration?
    /// How the images were made; nil where one side is no image.
    private(set) var history: DiffHistory?
    /// The known vulnerabilities that differ; nil where there are no advisories.
    private(set) var vulnerabilities: VulnerabilityDiff?
    /// Why the answer is incomplete, a line each.
    private(set) var gaps: [String] = []

    /// Those of `gaps` that were not printed yet.
    var untoldGaps: ArraySlice<String> {
        gaps.dropFirst(packages.left.problems.count + packages.right.problems.count)
    }

    /// How many changes one value holds.
    private static let limit = DiffRenames.limit

    /// What is compared, and how.
    struct Request {
        var options: ComparisonOptions
        var isShown: (Change) -> Bool
        /// Another database of advisories.
        var db: String?
        /// What the user called both images; nil where one side is none.
        var images: (left: String, right: String)?
    }

    /// Compares two sides in every respect.
    ///
    /// - Throws: where a side cannot be read; what only leaves a part open is a gap.
    init(_ pair: DiffPair, in finder: ObjectFinder, _ request: Request) throws {
        (left, right) = (pair.left, pair.right)
        fields = request.options.fields
        packages = PackageDiff(pair, .init(files: true, owners: true))
        // They were told when they were read.
        gaps = (packages.left.problems + packages.right.problems).map(\.description)
        try compareFiles(request)
        let failures = TextComparison.Failures()
        try explain()
        compareTexts(failures)
        gaps += failures.lines
        if let images = request.images,
            let old = try finder.describeIfImage(images.left), let new = try finder.describeIfImage(images.right)
        {
            configuration = try DiffConfiguration(old, new)
            history = DiffHistory(old, new)
        }
        if VulnerabilityDiff.hasAdvisories(request.db, in: finder) {
            let found = try VulnerabilityDiff(
                pair, in: finder, db: request.db, inventories: (packages.left, packages.right))
            vulnerabilities = found
            gaps += found.gaps.filter { !gaps.contains($0) }
        }
    }

    /// Whether anything differs.
    var differs: Bool {
        !files.isEmpty || packages.differs || configuration?.differences.isEmpty == false || history?.differs == true
            || vulnerabilities?.differs == true
    }

    /// The files that no changed package accounts for.
    var unexplained: [File] { files.filter { $0.reason != nil } }

    private mutating func compareFiles(_ request: Request) throws {
        var changes: [Change] = []
        try TreeComparison(left: left.tree, right: right.tree, options: request.options).forEachChange { change in
            guard request.isShown(change) else { return }
            guard changes.count < Self.limit else {
                throw CommandError("more than \(Self.limit) files differ: compare parts, named behind --")
            }
            changes.append(change)
        }
        let trees = (BrowsedTree(left.tree, name: []), BrowsedTree(right.tree, name: []))
        let moves = DiffRenames.moves(among: changes, in: trees)
        let gone = Set(moves.values)
        for (position, change) in changes.enumerated() where !gone.contains(position) {
            var file = File(change: change, old: moves[position].map { changes[$0] })
            if let found = change.right ?? change.left {
                let tree = change.right == nil ? trees.0 : trees.1
                file.layer = try tree.layer(
                    of: BrowsedFile(path: change.path, node: found.node, type: found.attributes.type))
            }
            files.append(file)
        }
    }

    private mutating func explain() throws {
        let trees = (
            left: BrowsedTree(left.tree, name: RawArguments.bytes(of: left.name)),
            right: BrowsedTree(right.tree, name: RawArguments.bytes(of: right.name))
        )
        let explanation = try ChangeExplanation(
            left: (trees.left, packages.left.packages), right: (trees.right, packages.right.packages),
            changes: packages.changes, paths: files.flatMap { [$0.change.path] + ($0.old.map { [$0.path] } ?? []) })
        for place in files.indices {
            let change = files[place].change
            // A directory alone does nothing; what is in it is told.
            if change.type == .directory, change.kind != .modified { continue }
            let file = change.right.map { BrowsedFile(path: change.path, node: $0.node, type: $0.attributes.type) }
            files[place].reason = try explanation.reason(change.path, file: file)
        }
    }

    /// Of what is on both sides the lines that differ, and the lines of what nobody's package brought.
    private mutating func compareTexts(_ failures: TextComparison.Failures) {
        var comparison = TextComparison(left: left, right: right, failures: failures)
        for place in files.indices where files[place].old == nil {
            let file = files[place]
            guard file.change.kind == .modified || file.change.kind == .added && file.reason != nil,
                file.change.hasOtherContent
            else { continue }
            files[place].text = comparison.difference(file.change)
        }
    }
}
