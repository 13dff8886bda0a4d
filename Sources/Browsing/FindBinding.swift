// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Turns what an expression names into what a tree has: users and groups into their numbers, a file into its time.
struct FindBinding {
    let tree: BrowsedTree
    let isOnlyOne: Bool
    private var users: AccountNames?
    private var groups: AccountNames?

    init(tree: BrowsedTree, isOnlyOne: Bool) {
        self.tree = tree
        self.isOnlyOne = isOnlyOne
    }

    mutating func bound(_ test: FindExpression.Test) throws -> FindExpression.Test {
        switch test {
        case .user(let name):
            return try number(of: name, in: userNames(), "user", "/etc/passwd").map { .uid(.equal($0)) }
                ?? .always(false)
        case .group(let name):
            return try number(of: name, in: groupNames(), "group", "/etc/group").map { .gid(.equal($0)) }
                ?? .always(false)
        case .noUser: return .unnamed(try userNames(), isGroup: false)
        case .noGroup: return .unnamed(try groupNames(), isGroup: true)
        case .newerThanFile(let path):
            guard isOnlyOne else {
                guard let file = try tree.find(path, followsLast: false) else { return .always(false) }
                return .newer(try tree.attributes(of: file).mtime)
            }
            return .newer(try tree.attributes(of: tree.resolve(path, followsLast: false)).mtime)
        case .topLayer:
            let count = try layerCount()
            return count == 0 ? .always(false) : .layer(.equal(UInt64(count - 1)))
        case .layer(let number):
            try check(number, try layerCount())
            return test
        case .layerName:
            _ = try layerCount()
            return test
        default: return test
        }
    }

    private func layerCount() throws -> Int {
        guard let layers = tree.layers else {
            throw FindError(
                "\(Bytes.escaped(tree.name)): does not know which layer brought a file; an image of a store, a source or "
                    + "a registry does")
        }
        return layers.count
    }

    /// Refuses a number that is none of a layer, where no other object may have it.
    private func check(_ number: NumberTest, _ count: Int) throws(FindError) {
        guard isOnlyOne, number.value >= UInt64(count) else { return }
        let layers = count == 0 ? "it has none" : count == 1 ? "its only one is 0" : "its layers are 0 to \(count - 1)"
        throw FindError("\(Bytes.escaped(tree.name)): has no layer \(number.value): \(layers)")
    }

    private func number(
        of name: [UInt8], in names: AccountNames, _ noun: String, _ path: String
    ) throws(FindError) -> UInt64? {
        if let number = names.number(of: name) ?? AccountNames.number(name) { return UInt64(number) }
        guard isOnlyOne else { return nil }
        throw FindError("\(Bytes.escaped(tree.name)): no \(noun) \(FindError.quoted(name)) in its \(path)")
    }

    private mutating func userNames() throws -> AccountNames {
        if let users { return users }
        let names = try tree.userNames()
        users = names
        return names
    }

    private mutating func groupNames() throws -> AccountNames {
        if let groups { return groups }
        let names = try tree.groupNames()
        groups = names
        return names
    }
}
