// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Where a walk begins: a path and what each tree has there.
struct WalkStart {
    /// Empty for the root, else every component after a `/`.
    let path: [UInt8]
    let left: Place?
    let right: Place?
}

extension PairComparison {
    /// The start that covers both trees whole.
    var whole: WalkStart {
        WalkStart(
            path: [], left: Place(node: left.root, type: .directory), right: Place(node: right.root, type: .directory))
    }

    /// What both trees have at a path; symbolic links on the way are not followed.
    ///
    /// - Throws: `TreeDiffError` if neither has it or a directory on the way cannot be read.
    func start(at components: [[UInt8]]) throws -> WalkStart {
        let path = components.flatMap { [UInt8(ascii: "/")] + $0 }
        do {
            let left = try SideFailure.on(.left) { try place(at: components, in: self.left) }
            let right = try SideFailure.on(.right) { try place(at: components, in: self.right) }
            guard left != nil || right != nil else {
                throw TreeDiffError(side: nil, path: path, cause: TreeDiffError.PathError.missing)
            }
            return WalkStart(path: path, left: left, right: right)
        } catch let failure as SideFailure {
            throw TreeDiffError(side: failure.side, path: Self.printable(path), cause: failure.cause)
        }
    }

    private func place(at components: [[UInt8]], in tree: any TreeSource) throws -> Place? {
        var place = Place(node: tree.root, type: .directory)
        for component in components {
            guard place.type == .directory else { return nil }
            do {
                let children = try tree.children(of: place.node)
                guard let child = children.first(where: { $0.name == component }) else { return nil }
                place = Place(node: child.node, type: child.type)
            } catch is VanishedFile {
                return nil
            }
        }
        return place
    }
}
