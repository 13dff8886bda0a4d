// SPDX-License-Identifier: Apache-2.0

import Exploring
import FileTree
import Layering
import OCI
import TestSupport
import Testing

/// An explorer over layers in memory, with their bytes.
struct Shown {
    var explorer: Explorer
    let layers: [(layer: MemoryLayer, bytes: [UInt8])]
    /// Effects that nothing here answers.
    var effects: [ExplorerEffect] = []

    init(_ stack: [[LayerItem]], columns: Int, rows: Int, isRead: Bool = true) throws {
        layers = stack.map { items in
            var (layer, bytes) = LayerItem.inMemory(items)
            for (index, entry) in layer.entries.enumerated() {
                guard case .file(let attributes, let extents, _) = entry.kind, attributes.type == .regular else {
                    continue
                }
                let content = extents.flatMap { bytes[Int($0.layerOffset)..<Int($0.layerOffset + $0.length)] }
                layer.entries[index].kind = .file(attributes, extents: extents, contentDigest: Digest(of: content))
            }
            return (layer, bytes)
        }
        let lines = stack.indices.map { ExploredObject.Layer(title: "/bin/sh -c step \($0)", identity: "sha256:\($0)") }
        explorer = Explorer(
            [ExploredObject(name: "web:2", layers: lines, baseCount: 1)], columns: columns, rows: rows)
        if isRead { try read() }
    }

    /// Lets names and costs come.
    mutating func read() throws {
        _ = explorer.handle(.history(object: 0, try FileHistory(layers: layers.map(\.layer))))
        let counted = layers.map { CountedLayer(entries: $0.layer, tarByteCount: UInt64($0.bytes.count)) }
        _ = explorer.handle(.costs(object: 0, try LayerCosts(counted)))
    }

    /// Presses keys: letters, and words between `<` and `>`.
    @discardableResult
    mutating func press(_ keys: String) -> String {
        var rest = keys[...]
        while let letter = rest.popFirst() {
            guard letter == "<", let end = rest.firstIndex(of: ">") else {
                handle(.letter(letter.unicodeScalars.first ?? " "))
                continue
            }
            let word = String(rest[..<end])
            rest = rest[rest.index(after: end)...]
            let keys: [String: Key] = [
                "tab": .tab, "enter": .enter, "esc": .escape, "up": .up, "down": .down, "left": .left, "right": .right,
                "back": .backspace, "home": .home, "end": .end, "pgdn": .pageDown, "pgup": .pageUp,
            ]
            handle(keys[word] ?? .control(word.unicodeScalars.last ?? " "))
        }
        return explorer.screen.text
    }

    private mutating func handle(_ key: Key) {
        for effect in explorer.handle(.key(key)) {
            guard case .read(_, let address, let offset, let count) = effect else {
                effects.append(effect)
                continue
            }
            guard case .file(_, let extents, _)? = try? layers[address.layer].layer.kind(at: address.position) else {
                continue
            }
            let content = extents.flatMap {
                layers[address.layer].bytes[Int($0.layerOffset)..<Int($0.layerOffset + $0.length)]
            }
            let part = Array(content.dropFirst(Int(offset)).prefix(count))
            _ = explorer.handle(.bytes(address, offset: offset, part))
        }
    }

    /// What an image looks like that a build has changed in every way.
    static let stack: [[LayerItem]] = [
        [
            .dir("etc"), .file("etc/passwd", "root:x:0:0\n"), .file("etc/old", "12345"), .dir("usr"), .dir("usr/bin"),
            .file("usr/bin/tool", String(repeating: "x", count: 4000), mode: 0o755), .symlink("bin", "usr/bin"),
        ],
        [
            .marker("etc/.wh.old"), .file("etc/passwd", "root:x:0:0\nweb:x:1:1\n"), .dir("srv"),
            .file("srv/index.html", "<h1>\twelcome</h1>\nto the site\n"),
        ],
        [.file("usr/bin/tool", String(repeating: "x", count: 4000), mode: 0o700)],
    ]
}
