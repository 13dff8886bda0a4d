// SPDX-License-Identifier: Apache-2.0

import FileTree
import Testing

@Suite(.timeLimit(.minutes(15))) struct TreeAssemblyTests {
    private let directory = Inode(attributes: Attributes(type: .directory, permissions: 0o755), layer: 0)
    private let file = Inode(attributes: Attributes(type: .regular, permissions: 0o644), layer: 0)

    private func dump(_ tree: Tree) throws -> [String] {
        try (0..<tree.inodeCount).map { number in
            let children = tree.children(of: UInt32(number)).map { "\(Bytes.escaped(tree.name(of: $0)))=\($0.inode)" }
            return "\(number) links=\(try tree.inode(UInt32(number)).linkCount) \(children.joined(separator: " "))"
        }
    }

    @Test func `files in any order become a tree numbered depth first`() throws {
        var assembly = TreeAssembly(layers: [], root: directory)
        let later = try assembly.add(directory, named: [0x7A], in: assembly.root)
        let first = try assembly.add(directory, named: [0x61], in: assembly.root)
        let linked = try assembly.add(file, named: [0x62], in: later)
        _ = try assembly.add(directory, named: [0x63], in: first)
        try assembly.link(linked, named: [0x2D], in: first)
        try assembly.link(linked, named: [0xFF], in: assembly.root)
        #expect(
            try dump(assembly.freeze()) == [
                "0 links=4 a=1 z=4 \\xff=2", "1 links=3 -=2 c=3", "2 links=3 ", "3 links=2 ", "4 links=2 b=2",
            ])
    }

    @Test func `a root alone is a tree`() throws {
        #expect(try dump(TreeAssembly(layers: [], root: directory).freeze()) == ["0 links=2 "])
    }

    @Test func `a tree may be deep`() throws {
        var assembly = TreeAssembly(layers: [], root: directory)
        var parent = assembly.root
        for _ in 0..<50_000 { parent = try assembly.add(directory, named: [0x61], in: parent) }
        let tree = try assembly.freeze()
        #expect(tree.inodeCount == 50_001)
        #expect(tree.children(of: 49_999).first?.inode == 50_000)
    }

    @Test(arguments: [[], [0x2E], [0x2E, 0x2E], [0x61, 0x2F], [0x61, 0], [UInt8](repeating: 1, count: 256)])
    func `a name that cannot be is an error`(name: [UInt8]) throws {
        var assembly = TreeAssembly(layers: [], root: directory)
        #expect(throws: TreeAssemblyError.self) { try assembly.add(file, named: name[...], in: assembly.root) }
    }

    @Test func `a name twice, a parent that is a file and a linked directory are errors`() throws {
        var assembly = TreeAssembly(layers: [], root: directory)
        let child = try assembly.add(file, named: [0x61], in: assembly.root)
        let inner = try assembly.add(directory, named: [0x62], in: assembly.root)
        #expect(throws: TreeAssemblyError.self) { try assembly.add(file, named: [0x61], in: child) }
        #expect(throws: TreeAssemblyError.self) { try assembly.link(inner, named: [0x63], in: assembly.root) }
        try assembly.link(child, named: [0x62], in: assembly.root)
        let error = #expect(throws: TreeAssemblyError.self) { try assembly.freeze() }
        #expect(error?.description == "entry \"b\": stands twice in its directory")
    }
}
