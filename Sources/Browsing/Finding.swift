// SPDX-License-Identifier: Apache-2.0

import EROFS
import FileTree

/// A search in one tree: an expression whose names and files have become numbers and times.
package struct Finding: Sendable {
    /// What becomes of a search.
    package struct Outcome: Sendable {
        /// What could not be asked of files: the first ones.
        package internal(set) var problems: [BrowsingError] = []
        /// How many of them there were.
        package internal(set) var problemCount = 0
        /// Whether the search was ended by `-quit`.
        package internal(set) var isOver = false

        mutating func add(_ error: BrowsingError) {
            // What vanishes while it is looked at is not there.
            if error.isMissing { return }
            problemCount += 1
            if problems.count < 20 { problems.append(error) }
        }
    }

    let tree: BrowsedTree
    let image: EROFSImage?
    private let steps: [FindExpression.Step]
    private let depths: (minimum: Int, maximum: Int)
    let now: Int64

    /// Prepares a search.
    ///
    /// - Parameters:
    ///   - expression: what is asked of each file, and what is done with those that pass.
    ///   - tree: the tree that is searched.
    ///   - now: seconds since 1970, which ages count from.
    ///   - isOnlyOne: whether a user, a group or a file that the tree does not have is an error; in one tree of several
    ///     no file is theirs, or newer than it.
    /// - Throws: `FindError` for what the tree cannot be asked; `BrowsingError`.
    package init(
        _ expression: FindExpression, in tree: BrowsedTree, now: Int64, isOnlyOne: Bool = true
    ) throws {
        self.tree = tree
        self.now = now
        image = tree.mapped?.image
        depths = (expression.minimumDepth, expression.maximumDepth)
        var binding = FindBinding(tree: tree, isOnlyOne: isOnlyOne)
        steps = try expression.steps.map { step in
            guard case .test(let test) = step else { return step }
            return .test(try binding.bound(test))
        }
    }

    /// Searches a file and all below it.
    ///
    /// - Parameters:
    ///   - start: a file of the tree; depths count from it.
    ///   - act: does what the expression says with a file that passes.
    /// - Throws: `BrowsingError` where the walk cannot go on; what `act` throws.
    package func run(
        from start: BrowsedFile, _ act: (FindExpression.Action, WalkedFile) throws -> Void
    ) throws -> Outcome {
        var outcome = Outcome()
        try tree.walk(from: start) { walked in
            let isBelow = walked.depth >= depths.maximum
            guard walked.depth >= depths.minimum else { return isBelow ? .past : .into }
            var candidate = FindCandidate(walked: walked)
            do {
                try evaluate(&candidate, act)
            } catch let error as BrowsingError {
                outcome.add(error)
            }
            if candidate.isLast {
                outcome.isOver = true
                return .end
            }
            return candidate.isPruned || isBelow ? .past : .into
        }
        return outcome
    }

    private func evaluate(
        _ candidate: inout FindCandidate, _ act: (FindExpression.Action, WalkedFile) throws -> Void
    ) throws {
        var (position, value) = (0, true)
        while position < steps.count {
            switch steps[position] {
            case .test(let test): value = try passes(test, &candidate)
            case .action(let action):
                try act(action, candidate.walked)
                value = true
            case .prune: (candidate.isPruned, value) = (true, true)
            case .quit:
                candidate.isLast = true
                return
            case .negate: value.toggle()
            case .jump(let wanted, let target):
                if value == wanted {
                    // Always forwards, so that it ends.
                    position = max(position + 1, target)
                    continue
                }
            }
            position += 1
        }
    }
}
