// SPDX-License-Identifier: Apache-2.0

package import FileTree

extension FileHistory {
    /// Takes in layers, base first, by their entries alone.
    ///
    /// Whiteouts and opaque markers act on what lies below, wherever they stand in a layer, as where layers become a tree.
    /// - Throws: what reading the entries throws.
    package init(layers: [any LayerEntries]) throws {
        self.init()
        for layer in layers {
            beginLayer()
            try hide(by: layer)
            try add(layer)
            layer.release()
        }
        finish()
    }

    private mutating func hide(by layer: any LayerEntries) throws {
        try layer.forEachMarker { path in
            // A name that no tree can have hides nothing.
            guard let components = (try? EntryPath(path, clamped: true))?.components, let last = components.last else {
                return
            }
            var node: NodeID = 0
            for name in components.dropLast() {
                guard let next = find(name, in: node) else { return }
                node = next
            }
            switch Whiteout(last) {
            case .hides(let name): if let hidden = find(name, in: node) { remove(hidden) }
            case .opaque: removeChildren(of: node)
            case .none, .leftover, .invalid: return
            }
        }
    }

    /// What a layer's own entries need to know of one another.
    private struct Own {
        /// Where symbolic links lead.
        var targets: [NodeID: [UInt8]] = [:]
        /// Hard links whose targets come later.
        var waiting: [NodeID: [ArraySlice<UInt8>]] = [:]
        /// Files that are seen only through links: what AUFS left behind.
        var leftovers: [[ArraySlice<UInt8>]: Version] = [:]
    }

    private mutating func add(_ layer: any LayerEntries) throws {
        var own = Own()
        try layer.forEach { entry, position in
            // A name that no tree can have is none.
            guard let components = (try? EntryPath(entry.path, clamped: true))?.components else { return }
            let address = FileAddress(layer: layerCount - 1, position: position)
            if components.contains(where: { Whiteout($0) == .leftover }) {
                if case .file(let attributes, _, _) = entry.kind {
                    own.leftovers[components] = Version(facts: Facts(attributes), address: address)
                }
                return
            }
            guard components.last.map({ Whiteout($0) == .none }) ?? true else { return }
            switch entry.kind {
            case .file(let attributes, _, _):
                guard let node = place(components, own) else { return }
                own.waiting[node] = nil
                put(Facts(attributes), address, at: node)
                if attributes.type == .symbolicLink { own.targets[node] = attributes.target }
            case .hardLink(let target):
                guard let target = (try? EntryPath(target, clamped: true))?.components else { return }  // As above.
                // The link may take the place of what it leads to.
                let found = version(behind: target, own)
                guard let node = place(components, own) else { return }
                own.waiting[node] = found == nil ? target : nil
                if let found { link(node, found) }
            }
        }
        for node in Array(own.waiting.keys) { finish(node, &own) }
    }

    /// Lets a link that waits, and those that it leads to, be what stands at their end.
    private mutating func finish(_ node: NodeID, _ own: inout Own) {
        var chain = [node]
        var seen: Set<NodeID> = [node]
        while let target = chain.last.flatMap({ own.waiting[$0] }),
            let next = find(target) ?? place(target, own, makes: false), own.waiting[next] != nil,
            seen.insert(next).inserted
        {
            chain.append(next)
        }
        for node in chain.reversed() {
            guard let target = own.waiting.removeValue(forKey: node), let found = version(behind: target, own) else {
                continue
            }
            link(node, found)
        }
    }

    /// What a hard link leads to; nil where it is not there, or waits itself.
    private mutating func version(behind target: [ArraySlice<UInt8>], _ own: Own) -> Version? {
        if let version = own.leftovers[target] { return version }
        guard let node = find(target) ?? place(target, own, makes: false), isThere(node), own.waiting[node] == nil
        else {
            return nil
        }
        let version = versions[Int(nodes[Int(node)].newest)]
        guard version.facts.type != .directory, version.address != nil else { return nil }
        markLinked(node)
        return version
    }

    private mutating func link(_ node: NodeID, _ version: Version) {
        guard let address = version.address else { return }
        var facts = version.facts
        facts.isLinked = true
        replace(facts, address, at: node)
    }

    /// Whether the layer at hand has a name itself.
    private func isOwn(_ node: NodeID) -> Bool {
        let newest = nodes[Int(node)].newest
        return newest >= 0 && versions[Int(newest)].layer == Int32(layerCount - 1) && !versions[Int(newest)].isGone
    }

    /// The most symbolic links that a name leads through.
    private static let linkLimit = 40

    /// Finds a path, and makes the directories above it where they are missing.
    ///
    /// A symbolic link of the same layer leads on, within the root; one of a lower layer becomes a directory.
    private mutating func place(_ components: [ArraySlice<UInt8>], _ own: Own, makes: Bool = true) -> NodeID? {
        guard let last = components.last else { return 0 }
        var rest = Array(components.dropLast().reversed())
        var node: NodeID = 0
        var linkCount = 0
        while let name = rest.popLast() {
            if name.elementsEqual([0x2E]) { continue }
            if name.elementsEqual([0x2E, 0x2E]) {
                node = max(0, nodes[Int(node)].parent)
                continue
            }
            guard let next = makes ? child(of: node, named: name) : find(name, in: node) else { return nil }
            let type = isThere(next) ? versions[Int(nodes[Int(next)].newest)].facts.type : nil
            if type == .symbolicLink, isOwn(next), let target = own.targets[next] {
                linkCount += 1
                guard linkCount <= Self.linkLimit else { return nil }
                if target.first == UInt8(ascii: "/") { node = 0 }
                rest += target.split(separator: UInt8(ascii: "/")).reversed()
                continue
            }
            if type != .directory {
                guard makes else { return nil }
                set(next, Version())
            }
            node = next
        }
        return makes ? child(of: node, named: last) : find(last, in: node)
    }

    /// Puts a file under a name; a directory that is there and stays as it is, is no change.
    package mutating func put(_ facts: Facts, _ address: FileAddress, at node: NodeID) {
        if isThere(node), facts.type == .directory {
            let old = versions[Int(nodes[Int(node)].newest)]
            if old.facts == facts, old.address != nil { return }
        }
        replace(facts, address, at: node)
    }

    /// Puts a file under a name, which is a change.
    package mutating func replace(_ facts: Facts, _ address: FileAddress, at node: NodeID) {
        if facts.type != .directory, isThere(node) { removeChildren(of: node) }
        set(node, Version(facts: facts, address: address))
    }

    /// Whether the layers up to the one at hand have a name.
    private func isThere(_ node: NodeID) -> Bool {
        let newest = nodes[Int(node)].newest
        return newest >= 0 && !versions[Int(newest)].isGone
    }

    /// Takes a name away, with all below it.
    package mutating func remove(_ node: NodeID) {
        var stack = [node]
        while let next = stack.popLast() {
            guard isThere(next) else { continue }
            var version = versions[Int(nodes[Int(next)].newest)]
            version.isGone = true
            set(next, version)
            push(childrenOf: next, to: &stack)
        }
    }

    private mutating func removeChildren(of node: NodeID) {
        var children: [NodeID] = []
        push(childrenOf: node, to: &children)
        for child in children { remove(child) }
    }

    private func push(childrenOf node: NodeID, to stack: inout [NodeID]) {
        var child = nodes[Int(node)].firstChild
        while child >= 0 {
            stack.append(child)
            child = nodes[Int(child)].nextSibling
        }
    }
}
