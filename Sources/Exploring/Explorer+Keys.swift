// SPDX-License-Identifier: Apache-2.0

import FileTree
import Layering

extension Explorer {
    /// What a key does.
    mutating func press(_ key: Key) -> [ExplorerEffect] {
        switch key {
        case .control("z"): return [.suspend]
        case .control("c"): return [.quit]
        case .control("l"): return [.redraw]
        default: break
        }
        if prompt != nil { return type(key) }
        switch overlay {
        case .viewer(let viewer): return press(key, in: viewer)
        case .lines(let title, let lines, let top): return press(key, title, lines, top)
        case nil: break
        }
        if let rows = steps(key) {
            move(by: rows)
            return []
        }
        switch key {
        case .letter(let letter): return press(letter)
        case .tab, .backTab: if view == .tree { isOnLayers.toggle() }
        case .left: closeOrGoUp()
        case .right: open()
        case .enter: return enter()
        case .control("a"): show(changes: false)
        case .control("f"): prompt = Prompt(purpose: .filter, text: filter)
        case .control("o"): changeOrder()
        case .control("r"): toggle(.removed)
        case .control("b"): showsAttributes.toggle()
        case .escape:
            filter = ""
            relist()
        default: break
        }
        return []
    }

    private mutating func press(_ letter: Unicode.Scalar) -> [ExplorerEffect] {
        switch letter {
        case "q": return [.quit]
        case "?": overlay = .lines(title: "keys", lines: Self.help, top: 0)
        case "1": choose(.tree)
        case "2": choose(.waste)
        case "3": choose(.files)
        case "w": choose(view == .waste ? .tree : .waste)
        case "h": closeOrGoUp()
        case "l": open()
        case " ": if let node, view == .tree { opened.contains(node) ? close(node) : open() }
        case "-":
            opened = []
            list.row = 0
            relist()
        case "+":
            if let history { opened = Set(history.order.filter { !history.children(of: $0).isEmpty }) }
            relist()
        case "J", "K":
            layer.move(to: layer.row + (letter == "J" ? 1 : -1), of: current.layers.count, page: layerRows)
            lookAnew()
        case "a": toggle(.added)
        case "r": toggle(.removed)
        case "m": toggle(.modified)
        case "u": toggle(.unmodified)
        case "d": show(changes: !showsChanges)
        case "o": changeOrder()
        case "b": showsAttributes.toggle()
        case "c": choose(object: (object + 1) % objects.count)
        case "f": prompt = Prompt(purpose: .filter, text: filter)
        case "/": prompt = Prompt(purpose: .search, text: "")
        case "n", "N": find(forward: letter == "n")
        case "x": startExtract(node, version)
        case "y": return copy()
        case "i":
            guard let node, let history, let version, let address = version.address else { return [] }
            return [.facts(object: object, address, path: history.path(of: node))]
        default: break
        }
        return []
    }

    /// How many rows a key moves a cursor; nil for a key that does not.
    private mutating func steps(_ key: Key) -> Int? {
        let page = isOnLayers && view == .tree ? layerRows : listRows
        let isSecond = hasG
        hasG = false
        switch key {
        case .down, .letter("j"): return 1
        case .up, .letter("k"): return -1
        case .pageDown: return page
        case .pageUp: return -page
        case .control("d"): return max(1, page / 2)
        case .control("u"): return -max(1, page / 2)
        case .home: return -(1 << 31)
        case .end, .letter("G"): return 1 << 31
        case .letter("g"):
            if isSecond { return -(1 << 31) }
            hasG = true
            return 0
        default: return nil
        }
    }

    private mutating func move(by rows: Int) {
        guard rows != 0 else { return }
        guard view == .tree, isOnLayers else {
            list.move(to: list.row + rows, of: listCount, page: listRows)
            return
        }
        let before = layer.row
        layer.move(to: layer.row + rows, of: current.layers.count, page: layerRows)
        if layer.row != before { lookAnew() }
    }

    private mutating func choose(_ view: View) {
        guard view != .waste || !current.isComparison else {
            message = "two objects are compared; c shows one of them, and its waste"
            return
        }
        self.view = view
        isOnLayers = false
        list = Position()
        if view != .tree { order = .size }
        relist()
    }

    private mutating func show(changes: Bool) {
        showsChanges = changes
        lookAnew()
    }

    private mutating func changeOrder() {
        order = order == .name ? .size : .name
        message = "by \(order.rawValue)"
        relist()
    }

    private mutating func toggle(_ mark: HistoryView.Mark) {
        hidden.formSymmetricDifference([mark])
        relist()
    }

    // MARK: Directories

    private mutating func open() {
        guard view == .tree, let node, let history, !history.children(of: node).isEmpty else { return }
        opened.insert(node)
        relist()
    }

    private mutating func close(_ node: FileHistory.NodeID) {
        opened.remove(node)
        relist()
    }

    private mutating func closeOrGoUp() {
        guard view == .tree, let node, let history, let tree else { return }
        if opened.contains(node) { return close(node) }
        let parent = history.nodes[Int(node)].parent
        guard parent > 0, let row = tree.rows.firstIndex(where: { $0.node == parent }) else { return }
        list.move(to: row, of: listCount, page: listRows)
    }

    private mutating func enter() -> [ExplorerEffect] {
        if view == .tree, isOnLayers {
            isOnLayers = false
            return []
        }
        guard let node, let history, let version else { return [] }
        if version.facts.type == .directory {
            if view == .tree { opened.contains(node) ? close(node) : open() }
            return []
        }
        guard version.facts.type == .regular, let address = version.address else {
            return version.address.map { [.facts(object: object, $0, path: history.path(of: node))] } ?? []
        }
        var viewer = FileViewer(
            object: object, address: address, path: deadFile?.path ?? history.path(of: node), size: version.facts.size)
        viewer.settle(columns: columns, rows: rows - 3)
        overlay = .viewer(viewer)
        return [viewer.firstRead]
    }

    // MARK: Looking for

    /// Goes to the next name that contains what is looked for, in closed directories too.
    mutating func find(forward: Bool) {
        guard !search.isEmpty else { return }
        let pattern = Array(search.utf8)
        if view != .tree {
            guard listCount > 0 else { return }
            for step in 1...listCount {
                let row = ((list.row + (forward ? step : -step)) % listCount + listCount) % listCount
                guard Self.contains(path(ofRow: row), pattern) else { continue }
                return list.move(to: row, of: listCount, page: listRows)
            }
            return message = "nothing is called \(search.debugDescription)"
        }
        guard let history, let looked else { return }
        let matches = history.names(containing: pattern)
        let visible = TreeRows.visible(history, looked, hidden, Array(filter.utf8))
        let all = history.order.filter { visible[Int($0)] }
        let here = node.flatMap { all.firstIndex(of: $0) } ?? -1
        guard !all.isEmpty else { return }
        for step in 1...all.count {
            let index = ((here + (forward ? step : -step)) % all.count + all.count) % all.count
            guard matches[Int(all[index])] else { continue }
            return reveal(all[index], history)
        }
        message = "nothing is called \(search.debugDescription)"
    }

    private mutating func reveal(_ node: FileHistory.NodeID, _ history: FileHistory) {
        isOnLayers = false
        var parent = history.nodes[Int(node)].parent
        while parent > 0 {
            opened.insert(parent)
            parent = history.nodes[Int(parent)].parent
        }
        relist()
        let row = tree?.rows.firstIndex { $0.node == node } ?? list.row
        list.move(to: row, of: listCount, page: listRows)
    }

    private func path(ofRow row: Int) -> [UInt8] {
        if view == .waste { return current.costs?.deadFiles[listed[row]].path ?? [] }
        return history?.path(of: FileHistory.NodeID(listed[row])) ?? []
    }

    // MARK: Taking along

    private func copy() -> [ExplorerEffect] {
        guard let path = deadFile?.path ?? node.flatMap({ node in history.map { $0.path(of: node) } }) else {
            return []
        }
        return [.copy(Bytes.escaped(path))]
    }

    mutating func startExtract(_ node: FileHistory.NodeID?, _ version: FileHistory.Version?) {
        guard let node, let version, let history else { return }
        guard version.facts.type == .regular, let address = version.address else {
            message = "only regular files are extracted; \"cimg cp\" copies all others"
            return
        }
        prompt = Prompt(purpose: .extract(address), text: Self.plainName(history.name(of: node)))
    }

    /// A name to begin with that means nothing but itself.
    static func plainName(_ name: some Collection<UInt8>) -> String {
        var text = ""
        for byte in name {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let isMark = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
            text.unicodeScalars.append(isPlain || isMark && !text.isEmpty ? Unicode.Scalar(byte) : "_")
        }
        return text.isEmpty ? "file" : text
    }
}
