// SPDX-License-Identifier: Apache-2.0

import FileTree
import Linting
import OCI
import TestSupport
import Testing
import Unpacking

/// What rules say that engines show, beside what they are simulated to show.
@Suite(.serialized, .timeLimit(.minutes(15))) struct LintAgreementTests {
    private static let base: [LayerItem] = [
        .dir("./"), .file("f", "x"), .dir("d", mode: 0o700), .file("d/x", "x"), .symlink("l", "d"),
    ]

    /// A little image of each rule on which engines disagree, or might.
    private static let images: [LintRule: [[LayerItem]]] = [
        .whiteoutAfterEntry: [base, [.file("f", "y"), .marker(".wh.f")]],
        .whiteoutAndDirectory: [base, [.marker(".wh.d"), .dir("d"), .file("d/y", "y")]],
        .whiteoutBelowWhiteout: [base, [.marker(".wh.d"), .marker("d/.wh.x")]],
        .whiteoutOfNothing: [base, [.marker("n/.wh.none")]],
        .whiteoutNotAFile: [base, [.symlink(".wh.f", "x")]],
        .whiteoutNameEmpty: [base, [.marker(".wh.")]],
        .whiteoutNameTooLong: [
            [.dir("./"), .file(String(repeating: "n", count: 255))],
            [.marker(".wh." + String(repeating: "n", count: 255))],
        ],
        .whiteoutPrefixInName: [base, [.file(".wh.d/y", "y")]],
        .whiteoutAufsLeftover: [base, [.marker(".wh..wh.aufs"), .file(".wh..wh.plnk/1", "x")]],
        .opaqueAfterEntries: [base, [.dir("d"), .file("d/n"), .marker("d/.wh..wh..opq")]],
        .opaqueOnNonDirectory: [base, [.marker("f/.wh..wh..opq")]],
        .opaqueRoot: [base, [.marker(".wh..wh..opq"), .file("g")]],
        .rootEntry: [[.dir("./", mode: 0o711), .file("f")]],
        .rootNotDirectory: [[.file("./")]],
        .orderChildBeforeParent: [[.dir("./"), .file("n/y", "y"), .dir("n", mode: 0o700)]],
        .parentMissing: [base, [.file("d/y", "y")]],
        .parentIsLowerSymlink: [base, [.file("l/y", "y")]],
        .parentIsSymlink: [base, [.symlink("s", "t"), .file("s/y", "y")]],
        .parentIsFile: [base, [.file("f/y", "y")]],
        .hardlinkAcrossLayers: [base, [.link("g", "f")]],
        .hardlinkForward: [base, [.link("g", "h"), .file("h", "h")]],
        .hardlinkDangling: [base, [.link("g", "none")]],
        .hardlinkToDirectory: [base, [.dir("d", mode: 0o700), .link("g", "d")]],
        .hardlinkTargetReplaced: [[.dir("./"), .file("a", "1"), .link("b", "a")], [.file("a", "2")]],
        .duplicateEntry: [[.dir("./"), .file("a", "1"), .file("a", "2")]],
        .duplicateEntryEqual: [[.dir("./"), .dir("a"), .dir("a")]],
        .pathOutside: [[.dir("./"), .file("../a")]],
        .pathAbsolute: [[.dir("./"), .file("/a")]],
        .pathNotClean: [[.dir("./"), .dir("d"), .file("d//a")]],
        .nameTooLong: [[.dir("./"), .file(String(repeating: "n", count: 256))]],
        .nameNotUTF8: [[.dir("./"), .file([0x61, 0xFF])]],
        .nameControlCharacters: [[.dir("./"), .file("a\n")]],
        .deviceZero: [base, [.special("f", .characterDevice, DeviceNumber())]],
        .overlayAttribute: [base, [.dir("d", mode: 0o700, xattrs: [("trusted.overlay.opaque", "y")])]],
        .hostAttribute: [[.dir("./"), .file("f", xattrs: [("security.selinux", "x")])]],
        .timeOutOfRange: [[.dir("./"), old("f")]],
    ]

    private static func old(_ path: String) -> LayerItem {
        var item = LayerItem.file(path)
        item.mtime = -5
        return item
    }

    /// What an engine shows: lines, or nil where it refuses a layer.
    private static func shown(_ engine: UnpackingEngine?, _ layers: [[LayerItem]]) throws -> [String]? {
        var (flattener, own) = (engine.map { EngineFlattener($0) }, Flattener())
        var bytes: [[UInt8]] = []
        do {
            for items in layers {
                let (layer, content) = LayerItem.inMemory(items)
                bytes.append(content)
                if engine == nil { try own.apply(layer) } else { try flattener?.apply(layer) }
            }
        } catch is LayerError {
            return nil
        }
        let tree = try flattener.map { try $0.freeze() } ?? own.freeze()
        return try DiskRecords.of(tree, layers: bytes).sorted { $0.key < $1.key }.map { path, record in
            "\(path) \(record)"
        }
    }

    /// What a rule says of an engine; nil where it says nothing.
    private static func said(_ engine: String, of rule: LintRule) -> (group: Int, shown: String)? {
        let groups = rule.facts.engines.map { $0.names.split(whereSeparator: { " ,".contains($0) }).map(String.init) }
        let group =
            groups.firstIndex { $0 == [engine] || ($0.contains(engine) && !$0.contains("where")) }
            ?? groups.firstIndex { $0 == ["all"] || $0 == ["others"] || $0 == ["most"] || $0 == ["Linux"] }
        return group.map { ($0, rule.facts.engines[$0].shown) }
    }

    @Test(arguments: images.keys.sorted { $0.rawValue < $1.rawValue })
    func `rules say of each engine what it is simulated to show`(rule: LintRule) throws {
        let layers = Self.images[rule] ?? []
        let report = try LintReport(
            layers: layers.map { LintLayer(entries: LayerItem.inMemory($0).layer) }, configuration: LintConfiguration(),
            accounts: [:], settings: LintSettings(), matches: { $0 == String(decoding: $1, as: UTF8.self) })
        #expect(report.findings.contains { $0.rule == rule }, "its own image has no finding")
        // The kernel alone is no engine that anybody unpacks with.
        let engines: [UnpackingEngine?] = [.docker, .podman, .containerd, .umoci, nil]
        var seen: [(name: String, group: Int, lines: [String]?)] = []
        for engine in engines {
            let name = engine?.rawValue ?? "cimg"
            let (group, text) = try #require(Self.said(name, of: rule), "nothing is said of \(name)")
            if text.contains("not simulated") { continue }
            // Of roots without an entry engines make what they will; a rule of its own tells that.
            let lines = try Self.shown(engine, layers)?.filter { rule == .rootEntry || !$0.hasPrefix(" ") }
            let isRefusal = text.hasPrefix("refuse") && !text.contains("refuse the layer if")
            if rule != .parentIsSymlink { #expect((lines == nil) == isRefusal, "\(name): \(text)") }
            for other in seen {
                #expect(
                    (other.lines == lines) == (other.group == group),
                    "\(name) and \(other.name): \(lines ?? ["refused"]), \(other.lines ?? ["refused"])")
            }
            seen.append((name, group, lines))
        }
    }

    /// Hard links with the attributes of their files: what a link's own are is known to nobody here.
    private static func withLinksAsTheirFiles(_ items: [LayerItem]) -> [LayerItem] {
        var items = items
        for _ in 0..<2 {
            for index in items.indices where items[index].type == nil {
                let target =
                    items[index].target.starts(with: Array("./".utf8))
                    ? items[index].target.dropFirst(2) : items[index].target[...]
                guard let file = items.first(where: { $0.path.elementsEqual(target) }) else { continue }
                (items[index].mode, items[index].uid) = (file.mode, file.uid)
            }
        }
        return items
    }

    @Test(.enabled(if: Requirements.engines), arguments: UnpackingEngine.allCases)
    func `the images of rules and of flattening are on the disk what they are simulated to be`(
        engine: UnpackingEngine
    ) throws {
        var stacks = Self.images.sorted { $0.key.rawValue < $1.key.rawValue }.map { ($0.key.rawValue, $0.value) }
        stacks += FlatteningCase.all.map { ($0.description, $0.layers) }
        // Where umoci would take away its own directory, or the one above, nothing is tried.
        let unsafe = { (item: LayerItem) in
            [".wh.", ".wh..", ".wh..."].contains(
                String(decoding: item.path.split(separator: 0x2F).last ?? [], as: UTF8.self))
        }
        if engine == .umoci { stacks.removeAll { $0.1.joined().contains(where: unsafe) } }
        // Images without layers nobody unpacks; more entries than a daemon takes in a second are for others.
        stacks.removeAll { $0.1.isEmpty || $0.1.joined().count > 1000 }
        // Paths of the test's own writer are text.
        if engine == .kernel {
            stacks.removeAll { $0.1.joined().contains { String(validating: $0.path, as: UTF8.self) == nil } }
        }
        let all = stacks.map { Comparison(engine, $0.1.map(Self.withLinksAsTheirFiles), 0) }
        let (accepted, refused) = (all.filter(\.isAccepted), all.filter { !$0.isAccepted })
        // What is refused goes to the engine alone, which takes its time.
        let single = RandomStack.isThorough ? refused.map { [$0] } : []
        for batch in [accepted] + single {
            let results = try RealUnpacking().results(engine, batch.map(\.layers))
            for (stack, result) in zip(batch, results) {
                if let problem = try stack.outcome(result).problem { Issue.record("\(engine.rawValue): \(problem)") }
            }
        }
    }
}
