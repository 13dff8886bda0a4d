// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import TestSupport
import Testing
import TreeDiff

/// Random trees against a comparison that knows neither order nor walking: two dictionaries of paths.
@Suite(.timeLimit(.minutes(15))) struct RandomTreeTests {
    /// `CIMG_TEST_SEED`, to repeat a failed run, or a new number.
    static let seed =
        ProcessInfo.processInfo.environment["CIMG_TEST_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...(.max))

    @Test func `random trees differ as two lists of their paths do`() throws {
        print("random trees: CIMG_TEST_SEED=\(Self.seed)")
        var random = SplitMix(state: Self.seed)
        for round in 0..<120 {
            let left = RandomTree.make(&random)
            let right = RandomTree.change(left, &random)
            let expected = RandomTree.bruteForce(left, right)
            for storage in Storage.allCases where storage != .disk || round % 10 == 0 {
                try storage.with(left) { leftTree in
                    try storage.with(right) { rightTree in
                        let found = try changes(leftTree, rightTree).map {
                            RandomTree.Line(path: $0.path, kind: $0.kind, fields: $0.fields)
                        }
                        #expect(found == expected, "seed \(Self.seed), round \(round), \(storage)")
                    }
                }
            }
        }
    }
}

/// The SplitMix64 generator: numbers that depend on the seed alone.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

enum RandomTree {
    struct Line: Equatable, CustomStringConvertible {
        let path: [UInt8]
        let kind: Change.Kind
        let fields: ChangedFields

        var description: String { "\(kind) \(Bytes.escaped(path)) \(fields.named.map(\.name))" }
    }

    /// Names that collide with each other and around the slash in byte order.
    private static let names: [[UInt8]] = [
        [0x61], [0x61, 0x2D], [0x61, 0x2E], [0x61, 0x30], [0x01], [0xFF], [0x61, 0xFF], [0x62], [0x62, 0x0A],
    ]

    /// A tree in which every directory has its own entry, parents first.
    static func make(_ random: inout SplitMix) -> [MemoryEntry] {
        var entries: [MemoryEntry] = [.directory("")]
        var directories: [[UInt8]] = [[]]
        var taken: Set<[UInt8]> = [[]]
        for _ in 0..<Int.random(in: 0..<30, using: &random) {
            let parent = directories.randomElement(using: &random) ?? []
            let name = names.randomElement(using: &random) ?? [0x61]
            let path = parent.isEmpty ? name : parent + [0x2F] + name
            guard taken.insert(path).inserted else { continue }
            let entry = file(at: path, entries, &random)
            if entry.hardLink == nil && entry.attributes.type == .directory { directories.append(path) }
            entries.append(entry)
        }
        return entries
    }

    /// The tree with some entries replaced, some gone with all below them, some new.
    static func change(_ entries: [MemoryEntry], _ random: inout SplitMix) -> [MemoryEntry] {
        var gone: [[UInt8]] = []
        var replaced: Set<[UInt8]> = []
        var result: [MemoryEntry] = []
        for entry in entries {
            let lostItsFile = entry.hardLink.map { gone.contains($0) || replaced.contains($0) } ?? false
            if lostItsFile || gone.contains(where: { entry.path.starts(with: $0 + [0x2F]) }) {
                gone.append(entry.path)
                continue
            }
            switch entry.path.isEmpty ? 9 : Int.random(in: 0..<10, using: &random) {
            case 0: gone.append(entry.path)
            case 1:
                let other = file(at: entry.path, result, &random)
                replaced.insert(entry.path)
                if other.hardLink != nil || other.attributes.type != .directory { gone.append(entry.path) }
                result.append(other)
            case 2 where entry.hardLink == nil:
                var other = entry
                other.attributes.uid = UInt32.random(in: 0..<3, using: &random)
                if other.attributes.type != .symbolicLink { other.attributes.permissions ^= 0o11 }
                result.append(other)
            default: result.append(entry)
            }
        }
        let directories = result.filter { $0.hardLink == nil && $0.attributes.type == .directory }.map(\.path)
        for parent in directories.prefix(3) {
            let path = (parent.isEmpty ? [] : parent + [0x2F]) + [0x6E, 0x65, 0x77]
            result.append(file(at: path, result, &random))
        }
        return result
    }

    private static func file(at path: [UInt8], _ before: [MemoryEntry], _ random: inout SplitMix) -> MemoryEntry {
        let files = before.filter { $0.hardLink == nil && $0.attributes.type == .regular && $0.path != path }
        switch Int.random(in: 0..<8, using: &random) {
        case 0...2: return MemoryEntry.directory("").at(path)
        case 3: return MemoryEntry.symlink("", to: ["x", "y"].randomElement(using: &random) ?? "x").at(path)
        case 4:
            guard let first = files.randomElement(using: &random) else { fallthrough }
            var link = MemoryEntry.hardLink("", to: "").at(path)
            link.hardLink = first.path
            return link
        default:
            let content = ["", "1", "2", "33"].randomElement(using: &random) ?? ""
            return MemoryEntry.file("", content, mode: Bool.random(using: &random) ? 0o644 : 0o755).at(path)
        }
    }

    /// Every path of either list with what differs, sorted by components.
    static func bruteForce(_ left: [MemoryEntry], _ right: [MemoryEntry]) -> [Line] {
        let (old, new) = (resolved(left), resolved(right))
        let paths = Set(old.keys).union(new.keys)
        let sorted = paths.sorted { first, second in
            // Tree order is the order of the bytes with the slash as the smallest of all.
            func key(_ path: [UInt8]) -> [Int] { path.map { $0 == 0x2F ? -1 : Int($0) } }
            return key(first).lexicographicallyPrecedes(key(second))
        }
        return sorted.compactMap { path in
            let shown = [0x2F] + path
            guard let before = old[path] else { return Line(path: shown, kind: .added, fields: []) }
            guard let after = new[path] else { return Line(path: shown, kind: .removed, fields: []) }
            var fields: ChangedFields = []
            let (one, two) = (before.entry.attributes, after.entry.attributes)
            if one.type != two.type {
                fields = .type
            } else {
                if before.entry.content != after.entry.content { fields.insert(.content) }
                if one.permissions != two.permissions { fields.insert(.mode) }
                if one.uid != two.uid { fields.insert(.uid) }
                if one.type == .regular && one.size != two.size { fields.insert(.size) }
                if one.target != two.target { fields.insert(.target) }
                if before.links != after.links { fields.insert(.nlink) }
            }
            return fields.isEmpty ? nil : Line(path: shown, kind: .modified, fields: fields)
        }
    }

    private static func resolved(_ entries: [MemoryEntry]) -> [[UInt8]: (entry: MemoryEntry, links: Int)] {
        let plain = Dictionary(uniqueKeysWithValues: entries.filter { $0.hardLink == nil }.map { ($0.path, $0) })
        var links: [[UInt8]: Int] = [:]
        for entry in entries { links[entry.hardLink ?? entry.path, default: 0] += 1 }
        return Dictionary(
            uniqueKeysWithValues: entries.compactMap { entry in
                let first = entry.hardLink ?? entry.path
                return plain[first].map { (entry.path, ($0, links[first] ?? 1)) }
            })
    }
}
