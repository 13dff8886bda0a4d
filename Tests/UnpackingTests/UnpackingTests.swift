// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import OCI
import TestSupport
import Testing
import Unpacking

/// Simulated engines beside those that run.
@Suite(
    "Engines unpack as they are simulated", .enabled(if: Requirements.engines), .serialized, .timeLimit(.minutes(120)))
struct UnpackingTests {
    /// How many random stacks are tried, and from which seed on.
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = RandomStack.count
    private static let seed = environment["CIMG_UNPACKING_SEED"].flatMap { UInt64($0) } ?? 1

    @Test(arguments: UnpackingEngine.allCases)
    func `random stacks are on the disk what they are simulated to be`(engine: UnpackingEngine) throws {
        if let only = Self.environment["CIMG_UNPACKING_ENGINE"], only != engine.rawValue { return }
        var (treeCount, failures) = (0, 0)
        let stacks = (0..<Self.count).map { number in
            var random = SeededGenerator(seed: Self.seed &+ UInt64(number))
            let layers = RandomStack.layers(&random)
            // Most are freed of what the engine refuses; the others must be refused for real.
            return Comparison(engine, number % 4 == 0 ? layers : Comparison.accepted(engine, layers), number)
        }
        // What is accepted goes to the engine by the dozen.
        let (accepted, refused) = (stacks.filter(\.isAccepted), stacks.filter { !$0.isAccepted })
        var batches = stride(from: 0, to: accepted.count, by: 25).map {
            Array(accepted[$0..<min($0 + 25, accepted.count)])
        }
        batches += refused.map { [$0] }
        for batch in batches where failures < 20 {
            let results = try RealUnpacking().results(engine, batch.map(\.layers))
            try #require(results.count == batch.count)
            for (stack, result) in zip(batch, results) {
                let (isTree, problem) = try stack.outcome(result)
                if isTree { treeCount += 1 }
                guard let problem else { continue }
                failures += 1
                Issue.record("\(engine.rawValue), seed \(Self.seed &+ UInt64(stack.number)): \(problem)")
            }
        }
        print(
            "\(engine.rawValue): \(Self.count) stacks from seed \(Self.seed), \(treeCount) trees, \(failures) failures")
    }
}

/// Whiteouts whose name leads out of their directory, under umoci, which joins it to the directory's path.
@Suite("umoci's whiteouts that lead elsewhere", .enabled(if: Requirements.engines), .timeLimit(.minutes(15)))
struct UmociWhiteoutTests {
    private static let below: [LayerItem] = [
        .dir("a", mode: 0o711), .dir("a/b"), .file("a/b/c"), .file("a/d"), .file("f"),
    ]
    private static let trees: [[[LayerItem]]] = [
        [below, [.marker("n/.wh..."), .file("e")]],
        [below, [.marker("n/.wh...")], [.marker(".wh.x"), .file("n/e")]],
        [below, [.marker("n/.wh..."), .dir("./", mode: 0o711), .file("e")]],
        [below, [.file("a/b/x"), .marker("a/b/.wh..")]],
        [below, [.file("a/b/x"), .marker("a/b/.wh...")]],
        [below, [.file("f", "x"), .marker("f/.wh..")]],
        [below, [.marker("n/m/.wh...")]],
        [below, [.marker("n/m/.wh..."), .marker("n/.wh."), .file("e")]],
    ]
    private static let refused: [[[LayerItem]]] = [
        [below, [.marker("n/.wh...")]],
        [below, [.marker("a/.wh..."), .file("e")]],
        [below, [.marker("a/b/.wh..")]],
        [below, [.marker("a/b/.wh.")]],
        [below, [.marker("a/b/.wh...")]],
        [below, [.marker("f/.wh..")]],
        [below, [.marker(".wh.")], [.file("e")]],
        [below, [.marker(".wh..")], [.file("e")]],
        [below, [.marker(".wh...")], [.file("e")]],
    ]

    @Test func `what is taken away is what umoci takes away`() throws {
        for (number, stack) in Self.trees.enumerated() {
            let result = try #require(RealUnpacking().results(.umoci, [stack]).first)
            let (isTree, problem) = try Comparison(.umoci, stack, number).outcome(result)
            #expect(isTree)
            #expect(problem == nil)
        }
    }

    @Test func `where the directory itself is taken away, umoci refuses the layer`() throws {
        for (number, stack) in Self.refused.enumerated() {
            let comparison = Comparison(.umoci, stack, number)
            #expect(!comparison.isAccepted, "\(number)")
            let result = try #require(RealUnpacking().results(.umoci, [stack]).first)
            let (isTree, problem) = try comparison.outcome(result)
            #expect(!isTree)
            #expect(problem == nil)
        }
    }
}

/// A stack under an engine, simulated and real.
struct Comparison {
    let engine: UnpackingEngine
    let layers: [[LayerItem]]
    let number: Int

    init(_ engine: UnpackingEngine, _ layers: [[LayerItem]], _ number: Int) {
        (self.engine, self.layers, self.number) = (engine, layers, number)
    }

    /// Whether the engine is simulated to take it.
    var isAccepted: Bool { (try? Self.simulated(engine, layers)) != nil }  // Why not is asked later.

    /// Whether both made a tree, and what differs; nil where nothing does.
    func outcome(_ real: RealUnpacking.Result) throws -> (isTree: Bool, problem: String?) {
        let text = layers.map { $0.map(\.summary).joined(separator: ", ") }.joined(separator: "\n   | ")
        let simulated: [String: DiskRecord]
        do {
            simulated = try Self.simulated(engine, layers)
        } catch let error as LayerError {
            guard case .tree = real else { return (false, nil) }
            return (false, "\(text)\n simulated: \(error), really a tree")
        }
        guard case .tree(let records) = real else {
            guard case .refused(let reason) = real else { return (false, nil) }
            return (false, "\(text)\n really refused: \(reason.suffix(300)), simulated a tree")
        }
        var lines: [String] = []
        for path in Set(simulated.keys).union(records.keys).sorted() {
            guard let own = simulated[path] else {
                lines.append("\(path): really there")
                continue
            }
            guard let other = records[path] else {
                lines.append("\(path): simulated, really not there")
                continue
            }
            lines += own.differences(from: other).map { "\(path): \($0)" }
        }
        return (true, lines.isEmpty ? nil : "\(text)\n" + lines.joined(separator: "\n"))
    }

    /// The layers without the entries that an engine is simulated to refuse.
    static func accepted(_ engine: UnpackingEngine, _ layers: [[LayerItem]]) -> [[LayerItem]] {
        var layers = layers
        while true {
            do {
                _ = try simulated(engine, layers)
                return layers
            } catch let error as LayerError {
                let index = layers.indices.first { DiffID(Digest(of: [UInt8($0)])) == error.layer } ?? 0
                guard let entry = layers[index].lastIndex(where: { $0.path == error.path }) else { return layers }
                layers[index].remove(at: entry)
            } catch {
                return layers
            }
        }
    }

    static func simulated(_ engine: UnpackingEngine, _ layers: [[LayerItem]]) throws -> [String: DiskRecord] {
        var flattener = EngineFlattener(engine)
        var bytes: [[UInt8]] = []
        for (index, items) in layers.enumerated() {
            var (layer, content) = LayerItem.inMemory(items)
            layer.diffID = DiffID(Digest(of: [UInt8(index)]))
            try flattener.apply(layer)
            bytes.append(content)
        }
        return try DiskRecords.of(try flattener.freeze(), layers: bytes)
    }
}
