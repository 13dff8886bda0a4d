// SPDX-License-Identifier: Apache-2.0

package import FileTree
import OCI

/// A layer to be looked at by rules.
package struct LintLayer: Sendable {
    /// Its entries.
    package let entries: any LayerEntries
    /// Its media type; empty where it has none.
    package let mediaType: String
    /// How it is compressed in truth: `none`, `gzip` or `zstd`; nil where that is not known.
    package let compression: String?

    /// Makes a layer.
    package init(entries: any LayerEntries, mediaType: String = "", compression: String? = nil) {
        self.entries = entries
        self.mediaType = mediaType
        self.compression = compression
    }
}

/// Looks at layers one after the other, base first.
struct LayerLint {
    /// An entry of the layer at hand.
    private struct Own {
        let components: [[UInt8]]
        let index: Int
        /// Nil for a hard link.
        let type: FileType?
        let kind: LayerEntry.Kind
    }

    private(set) var findings: [LintFinding] = []
    /// What only is something if nothing replaces it.
    private var candidates: [(finding: LintFinding, components: [[UInt8]])] = []
    private let tree = LintTree()
    private var files = FileLint()

    private var layer = 0
    private var own: [[UInt8]: Own] = [:]
    private var order: [Own] = []
    private var ownDirectories: Set<[UInt8]> = []
    private var firstChild: [[UInt8]: Int] = [:]
    private var whiteouts: [(hidden: [[UInt8]], index: Int)] = []
    private var opaques: [(directory: [[UInt8]], index: Int)] = []
    private var hiddenPaths: Set<[UInt8]> = []
    private var judgedParents: Set<[UInt8]> = []

    /// Looks at one more layer.
    mutating func look(at next: LintLayer, index: Int) throws {
        layer = index
        (own, order, ownDirectories, firstChild) = ([:], [], [], [:])
        (whiteouts, opaques, judgedParents) = ([], [], [])
        if let compression = next.compression, Self.claims(next.mediaType) != compression {
            findings.append(
                LintFinding(
                    .mediaTypeMismatch, layer: layer,
                    detail: "\(next.mediaType.printable) is \(compression == "none" ? "not compressed" : compression)"))
        }
        var number = 0
        try next.entries.forEach { entry, _ in
            collect(entry, number)
            number += 1
        }
        next.entries.release()
        hiddenPaths = Set(whiteouts.map { LintPath.text($0.hidden) })
        for (hidden, index) in whiteouts { judgeWhiteout(hidden, index) }
        for (directory, index) in opaques { judgeOpaque(directory, index) }
        for entry in order { judge(entry) }
        apply()
        findings += files.finish(layer: layer)
    }

    /// Ends with what depends on the whole.
    mutating func finish() -> [LintFinding] {
        for (finding, components) in candidates {
            let node = tree.find(components)
            let isShown = node?.layer == finding.layer && node?.entry == finding.entry
            if isShown {
                findings.append(finding)
            } else if finding.rule == .secretFile {
                var hidden = finding
                hidden.rule = .secretInLowerLayer
                findings.append(hidden)
            }
        }
        collectCollisions()
        return findings
    }

    /// The compression that a media type claims; nil where it claims none.
    private static func claims(_ mediaType: String) -> String? {
        if mediaType.hasSuffix("gzip") { return "gzip" }
        if mediaType.hasSuffix("zstd") { return "zstd" }
        return mediaType.hasSuffix("tar") ? "none" : nil
    }

    private mutating func add(_ rule: LintRule, _ components: [[UInt8]], _ index: Int?, _ detail: String = "") {
        findings.append(
            LintFinding(rule, layer: layer, entry: index, path: LintPath.text(components), detail: detail))
    }

    // MARK: - Collecting

    private mutating func collect(_ entry: LayerEntry, _ index: Int) {
        let path = LintPath(entry.path)
        for rule in path.oddities {
            findings.append(LintFinding(rule, layer: layer, entry: index, path: entry.path))
        }
        guard !path.isOutside else { return }
        judgeAttributes(entry, path.components, index)
        guard let name = path.components.last else { return judgeRoot(entry, index) }
        if path.components.dropLast().contains(where: { $0.starts(with: Whiteout.prefix) }) {
            add(.whiteoutPrefixInName, path.components, index)
        }
        let parent = Array(path.components.dropLast())
        switch Whiteout(name[...]) {
        case .hides(let hidden):
            judgeMarkerType(entry, path.components, index)
            if hidden.elementsEqual([0x2E]) || hidden.elementsEqual([0x2E, 0x2E]) {
                add(.whiteoutNameEmpty, path.components, index)
            } else {
                whiteouts.append((parent + [Array(hidden)], index))
            }
            if name.count > 255 { add(.whiteoutNameTooLong, path.components, index) }
            judgeParents(of: path.components, index)
        case .opaque:
            judgeMarkerType(entry, path.components, index)
            opaques.append((parent, index))
            judgeParents(of: path.components, index)
        case .leftover: add(.whiteoutAufsLeftover, path.components, index)
        case .invalid: add(.whiteoutNameEmpty, path.components, index)
        case .none: collectOwn(entry, path.components, index)
        }
    }

    private mutating func collectOwn(_ entry: LayerEntry, _ components: [[UInt8]], _ index: Int) {
        var type: FileType?
        if case .file(let attributes, _, _) = entry.kind { type = attributes.type }
        let record = Own(components: components, index: index, type: type, kind: entry.kind)
        let path = LintPath.text(components)
        if let earlier = own[path] {
            add(earlier.kind == entry.kind ? .duplicateEntryEqual : .duplicateEntry, components, index)
        }
        own[path] = record
        order.append(record)
        var above = components[...]
        var isDirect = true
        while above.popLast() != nil {
            let directory = LintPath.text(above)
            if isDirect, firstChild[directory] == nil { firstChild[directory] = index }
            isDirect = false
            guard ownDirectories.insert(directory).inserted else { break }
        }
        for finding in files.look(at: entry, components, layer: layer, index: index) {
            candidates.append((finding, components))
        }
    }

    private mutating func judgeRoot(_ entry: LayerEntry, _ index: Int) {
        guard case .file(let attributes, _, _) = entry.kind, attributes.type == .directory else {
            return add(.rootNotDirectory, [], index)
        }
        if attributes.permissions != 0o755 || attributes.uid != 0 || attributes.gid != 0 {
            add(
                .rootEntry, [], index, "\(String(attributes.permissions, radix: 8)) \(attributes.uid):\(attributes.gid)"
            )
        }
    }

    private mutating func judgeMarkerType(_ entry: LayerEntry, _ components: [[UInt8]], _ index: Int) {
        if case .file(let attributes, _, _) = entry.kind, attributes.type == .regular { return }
        add(.whiteoutNotAFile, components, index)
    }

    private mutating func judgeAttributes(_ entry: LayerEntry, _ components: [[UInt8]], _ index: Int) {
        guard case .file(let attributes, let extents, _) = entry.kind else { return }
        if attributes.type == .characterDevice, attributes.device == DeviceNumber() {
            add(.deviceZero, components, index)
        }
        if attributes.type == .regular, extents.reduce(UInt64(0), { $0 &+ $1.length }) < attributes.size {
            add(.sparseEntry, components, index, "\(attributes.size) bytes")
        }
        if attributes.mtime.nanoseconds != 0 { add(.timeSubsecond, components, index) }
        if !(0..<1 << 33).contains(attributes.mtime.seconds) { add(.timeOutOfRange, components, index) }
        for attribute in attributes.xattrs {
            let name = String(decoding: attribute.name, as: UTF8.self)
            if name.hasPrefix("trusted.overlay.") || name.hasPrefix("user.overlay.") {
                add(.overlayAttribute, components, index, name.printable)
            } else if ["security.selinux", "security.ima", "security.evm", "system.nfs4_acl"].contains(name) {
                add(.hostAttribute, components, index, name)
            } else if name == "security.capability", attribute.value.count == 24,
                attribute.value[20...].contains(where: { $0 != 0 })
            {
                add(.capabilityVersion3, components, index)
            }
        }
    }

    // MARK: - Judging

    private mutating func judgeWhiteout(_ hidden: [[UInt8]], _ index: Int) {
        let path = LintPath.text(hidden)
        let shown = hidden.dropLast() + [Whiteout.prefix + (hidden.last ?? [])]
        if ownDirectories.contains(path) || own[path]?.type == .directory {
            add(.whiteoutAndDirectory, Array(shown), index)
        } else if let entry = own[path], entry.index < index {
            add(.whiteoutAfterEntry, Array(shown), index)
        }
        for count in hidden.indices.dropFirst() where hiddenPaths.contains(LintPath.text(hidden[..<count])) {
            add(.whiteoutBelowWhiteout, Array(shown), index)
            break
        }
        if tree.find(hidden) == nil { add(.whiteoutOfNothing, Array(shown), index) }
    }

    private mutating func judgeOpaque(_ directory: [[UInt8]], _ index: Int) {
        let shown = directory + [Array(".wh..wh..opq".utf8)]
        if directory.isEmpty, !tree.root.children.isEmpty { add(.opaqueRoot, shown, index) }
        if let first = firstChild[LintPath.text(directory)], first < index { add(.opaqueAfterEntries, shown, index) }
        if let node = tree.find(directory), node.type != .directory { add(.opaqueOnNonDirectory, shown, index) }
    }

    private mutating func judge(_ entry: Own) {
        judgeParents(of: entry.components, entry.index)
        guard case .hardLink(let target) = entry.kind else { return }
        let components = LintPath(target).components
        let text = "to \(LintPath.text(components).printableName)"
        if let other = own[LintPath.text(components)] {
            if other.type == .directory {
                add(.hardlinkToDirectory, entry.components, entry.index, text)
            } else if other.index > entry.index {
                add(.hardlinkForward, entry.components, entry.index, text)
            }
        } else if let node = tree.find(components) {
            add(
                node.type == .directory ? .hardlinkToDirectory : .hardlinkAcrossLayers, entry.components, entry.index,
                text)
        } else if !ownDirectories.contains(LintPath.text(components)) {
            // What AUFS kept there is no dangling link to every engine.
            add(.hardlinkDangling, entry.components, entry.index, text)
        }
    }

    /// Looks at the directories above a name; each is told once in a layer.
    private mutating func judgeParents(of components: [[UInt8]], _ index: Int) {
        var above = components[...]
        while above.popLast() != nil, !above.isEmpty {
            let path = LintPath.text(above)
            let parent = Array(above)
            if let entry = own[path] {
                guard entry.index != index else { continue }
                // Then those above it have been, too.
                guard judgedParents.insert(path).inserted else { return }
                switch entry.type {
                case .directory: if entry.index > index { add(.orderChildBeforeParent, components, index) }
                case .symbolicLink: add(.parentIsSymlink, components, index, parent.shownName)
                default: add(.parentIsFile, components, index, parent.shownName)
                }
                continue
            }
            guard judgedParents.insert(path).inserted else { return }
            switch tree.find(above)?.type {
            case nil: add(.parentMissing, parent, nil, "no layer has it")
            case .directory: add(.parentMissing, parent, nil, "a lower layer has it")
            case .symbolicLink: add(.parentIsLowerSymlink, components, index, parent.shownName)
            default: add(.parentIsFile, components, index, parent.shownName)
            }
        }
    }

    // MARK: - Applying

    private mutating func apply() {
        for (directory, _) in opaques { tree.clear(directory) }
        for (hidden, _) in whiteouts { tree.remove(hidden) }
        var replaced: [(file: LintTree.File, entry: Own)] = []
        for entry in order {
            if let old = tree.find(entry.components), let file = old.file, old.layer != layer {
                replaced.append((file, entry))
            }
            var file: LintTree.File?
            var type = entry.type ?? .regular
            if case .hardLink(let target) = entry.kind {
                let node = tree.find(LintPath(target).components)
                (file, type) = (node?.file, node?.type ?? .regular)
            }
            if type != .directory, file == nil { file = LintTree.File() }
            tree.put(entry.components, type, layer: layer, entry: entry.index, file: file)
        }
        for (file, entry) in replaced where file.names > 0 {
            add(.hardlinkTargetReplaced, entry.components, entry.index)
        }
    }

    /// Names of one directory that differ in case only.
    private mutating func collectCollisions() {
        var stack: [(components: [[UInt8]], node: LintTree.Node)] = [([], tree.root)]
        while let (components, node) = stack.popLast() {
            var seen: [String: [UInt8]] = [:]
            for (name, child) in node.children.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
                if !child.children.isEmpty { stack.append((components + [name], child)) }
                guard node.children.count > 1 else { continue }
                let folded = String(decoding: name, as: UTF8.self).lowercased()
                if let other = seen.updateValue(name, forKey: folded) {
                    findings.append(
                        LintFinding(
                            .nameCaseCollision, layer: child.layer < 0 ? nil : child.layer,
                            path: LintPath.text(components + [name]), detail: "and \(other.printableName)"))
                }
            }
        }
    }
}

extension [UInt8] {
    /// As text of which nothing can act on a terminal.
    var printableName: String { Bytes.escaped(self) }
}

extension [[UInt8]] {
    fileprivate var shownName: String { LintPath.text(self).printableName }
}
