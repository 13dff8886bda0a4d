// SPDX-License-Identifier: Apache-2.0

extension Explorer {
    private static let typedLimit = 1000

    /// A key while a line is typed.
    mutating func type(_ key: Key) -> [ExplorerEffect] {
        guard var prompt else { return [] }
        switch key {
        case .letter(let letter):
            if prompt.text.unicodeScalars.count < Self.typedLimit { prompt.text.unicodeScalars.append(letter) }
        case .backspace: prompt.text = String(String.UnicodeScalarView(prompt.text.unicodeScalars.dropLast()))
        case .control("u"): prompt.text = ""
        case .escape:
            self.prompt = nil
            if case .filter = prompt.purpose { setFilter("") }
            return []
        case .enter:
            self.prompt = nil
            return finish(prompt)
        default: return []
        }
        self.prompt = prompt
        if case .filter = prompt.purpose { setFilter(prompt.text) }
        return []
    }

    private mutating func setFilter(_ text: String) {
        filter = text
        list.row = 0
        relist()
    }

    private mutating func finish(_ prompt: Prompt) -> [ExplorerEffect] {
        switch prompt.purpose {
        case .filter: break
        case .search:
            search = prompt.text
            guard case .viewer(var viewer) = overlay else {
                find(forward: true)
                break
            }
            find(in: &viewer, forward: true)
            overlay = .viewer(viewer)
            return viewer.missing.map { [$0] } ?? []
        case .extract(let address):
            guard !prompt.text.isEmpty else { break }
            return [.extract(object: object, address, to: prompt.text)]
        }
        return []
    }

    private mutating func find(in viewer: inout FileViewer, forward: Bool) {
        guard !search.isEmpty else { return }
        guard let line = viewer.find(search, from: viewer.top, forward: forward) else {
            message = "nowhere: \(search.debugDescription)"
            return
        }
        viewer.move(to: line)
    }

    /// A key while a file is viewed.
    mutating func press(_ key: Key, in viewer: FileViewer) -> [ExplorerEffect] {
        var viewer = viewer
        let page = max(1, rows - 3)
        switch key {
        case .letter("q"), .escape, .backspace:
            overlay = nil
            return []
        case .down, .letter("j"), .enter: viewer.move(to: viewer.top + 1)
        case .up, .letter("k"): viewer.move(to: viewer.top - 1)
        case .pageDown, .letter(" "): viewer.move(to: viewer.top + page)
        case .pageUp: viewer.move(to: viewer.top - page)
        case .control("d"): viewer.move(to: viewer.top + page / 2)
        case .control("u"): viewer.move(to: viewer.top - page / 2)
        case .home, .letter("g"): viewer.move(to: 0)
        case .end, .letter("G"): viewer.move(to: viewer.lineCount)
        case .left, .letter("h"): viewer.move(right: -8)
        case .right, .letter("l"): viewer.move(right: 8)
        case .tab, .letter("t"): viewer.toggle()
        case .letter("/"): prompt = Prompt(purpose: .search, text: "")
        case .letter("n"): find(in: &viewer, forward: true)
        case .letter("N"): find(in: &viewer, forward: false)
        case .letter("x"): startExtract(node, version)
        default: break
        }
        overlay = .viewer(viewer)
        return viewer.missing.map { [$0] } ?? []
    }

    /// A key while lines of text are shown.
    mutating func press(_ key: Key, _ title: String, _ lines: [String], _ top: Int) -> [ExplorerEffect] {
        var next = top
        switch key {
        case .down, .letter("j"): next += 1
        case .up, .letter("k"): next -= 1
        case .pageDown, .letter(" "): next += bodyRows
        case .pageUp: next -= bodyRows
        case .home, .letter("g"): next = 0
        case .end, .letter("G"): next = lines.count
        default:
            overlay = nil
            return []
        }
        overlay = .lines(title: title, lines: lines, top: max(0, min(next, lines.count - bodyRows)))
        return []
    }

    static let help = [
        "1 2 3      tree, waste, files; w waste and back",
        "Tab        layers and tree; J K the next and the last layer",
        "j k ↓ ↑    a line; ^D ^U half a page, PgDn PgUp a page, gg G the ends",
        "l h → ←    open a directory, close it or go up; Space either, + - all",
        "Enter      view a file: t text or hex, / n N search, h l sideways",
        "/ n N      search names, in closed directories too",
        "f ^F       filter names; Esc ends it. A capital makes case count",
        "o ^O       by name or by size",
        "d          all files, or what the layer changed; ^A all files",
        "a r m u    added, removed, modified, unmodified: hide or show",
        "b ^B       modes and owners: hide or show",
        "c          the next of the comparison and the two objects",
        "i          all facts of a file",
        "x          extract a file into a new one here",
        "y          copy the path (OSC 52)",
        "^L         draw anew; ^Z suspend; q ^C end",
        "",
        "A added, C changed, D removed by the layer. Sizes of directories",
        "are of the files below. Dead files are seen by nobody, and are in",
        "the image still: 2 > 4 was brought by layer 2, killed by layer 4.",
    ]
}
