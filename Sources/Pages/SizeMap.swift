// SPDX-License-Identifier: Apache-2.0

/// Sizes as a map: each name is a rectangle as large as its bytes, in that of its directory.
package struct SizeMap: Sendable {
    /// A name with its bytes.
    struct Node {
        let name: String
        var size: UInt64 = 0
        var mark = ""
        var children: [Int] = []
        let parent: Int
    }

    private var nodes = [Node(name: "/", parent: -1)]
    private var places: [String: Int] = ["": 0]
    /// What sizes are shown as.
    private let shown: @Sendable (UInt64) -> String

    /// The width and the height of the map.
    private static let extent = (width: 1000.0, height: 500.0)
    /// What is smaller has no rectangle of its own.
    private static let smallest = 4.0
    private static let nodeLimit = 5000
    /// Names deeper than that count for their directory.
    private static let depthLimit = 12

    /// Begins an empty map.
    ///
    /// - Parameter shown: how a size is told.
    package init(shown: @escaping @Sendable (UInt64) -> String) { self.shown = shown }

    /// Adds a file by its path.
    ///
    /// - Parameters:
    ///   - path: its path, with `/` between names.
    ///   - size: its bytes; a file of none is left out.
    ///   - mark: what happened to it, as in tables.
    package mutating func add(_ path: String, size: UInt64, mark: String = "") {
        guard size > 0 else { return }
        var node = 0
        nodes[0].size &+= size
        var whole = ""
        for name in path.split(separator: "/").prefix(Self.depthLimit) {
            whole += "/" + name
            let place: Int
            if let known = places[whole] {
                place = known
            } else {
                place = nodes.count
                nodes.append(Node(name: whole, parent: node))
                nodes[node].children.append(place)
                places[whole] = place
            }
            nodes[place].size &+= size
            node = place
        }
        if nodes[node].children.isEmpty { nodes[node].mark = mark }
    }

    /// A rectangle.
    struct Area {
        var x: Double
        var y: Double
        var width: Double
        var height: Double
    }

    /// The map as a picture that can be read out, too.
    func svg(called name: String) -> String {
        guard nodes[0].size > 0 else { return "<p>nothing has bytes</p>\n" }
        var text =
            "<svg viewBox=\"0 0 \(Int(Self.extent.width)) \(Int(Self.extent.height))\" role=\"group\" "
            + "aria-label=\"\(Markup.text(name)), \(Markup.text(shown(nodes[0].size)))\">\n"
        var drawn = 0
        var stack = [(0, Area(x: 0, y: 0, width: Self.extent.width, height: Self.extent.height), 0)]
        while let (node, area, depth) = stack.popLast() {
            guard drawn < Self.nodeLimit else { break }
            drawn += 1
            let isDirectory = !nodes[node].children.isEmpty
            let label = "\(nodes[node].name)\(isDirectory && node > 0 ? "/" : ""), \(shown(nodes[node].size))"
            let kind = isDirectory ? "d\(depth % 4)" : "f"
            text +=
                "<g tabindex=\"\(node == 0 ? 0 : -1)\" role=\"img\" aria-label=\"\(Markup.name(label))\" "
                + "data-path=\"\(Markup.name(nodes[node].name))\" class=\"\(kind) m\(Self.letter(nodes[node].mark))\">"
                + "<title>\(Markup.name(label))</title><rect \(Self.attributes(area))/>"
            if area.width > 60, area.height > 14 {
                let base = nodes[node].name.split(separator: "/").last.map(String.init) ?? "/"
                let room = Int(area.width / 7)
                let cut = base.count > room ? base.prefix(max(1, room - 1)) + "…" : base[...]
                text +=
                    "<text x=\"\(Self.number(area.x + 3))\" y=\"\(Self.number(area.y + 11))\">\(Markup.text(cut))</text>"
            }
            text += "</g>\n"
            guard isDirectory else { continue }
            // A border, and a line for the name.
            let inner = Area(
                x: area.x + 2, y: area.y + 14, width: area.width - 4, height: area.height - 16)
            guard inner.width > Self.smallest, inner.height > Self.smallest else { continue }
            let children = nodes[node].children.sorted {
                nodes[$0].size == nodes[$1].size ? $0 < $1 : nodes[$0].size > nodes[$1].size
            }
            let areas = Self.squarified(children.map { Double(nodes[$0].size) }, in: inner)
            for (child, area) in zip(children, areas).reversed()
            where area.width >= Self.smallest && area.height >= Self.smallest {
                stack.append((child, area, depth + 1))
            }
        }
        return text + "</svg>\n<p class=\"hint\">Areas are bytes; what is too small to be seen is left out.</p>\n"
    }

    /// Rectangles for sizes, the largest first, each as near to a square as a row of them can be.
    static func squarified(_ sizes: [Double], in whole: Area) -> [Area] {
        let total = sizes.reduce(0, +)
        guard total > 0, whole.width > 0, whole.height > 0 else { return [] }
        let scale = whole.width * whole.height / total
        var (result, rest, start) = ([Area](), whole, 0)
        while start < sizes.count {
            let side = min(rest.width, rest.height)
            guard side > 0 else { break }
            var (end, sum, worst) = (start, 0.0, Double.infinity)
            while end < sizes.count {
                let next = sum + sizes[end] * scale
                guard next > 0 else { break }
                // How far the longest and the shortest of the row are from a square.
                let ratio = max(
                    side * side * sizes[start] * scale / (next * next),
                    next * next / (side * side * sizes[end] * scale))
                guard ratio <= worst || end == start else { break }
                (sum, worst, end) = (next, ratio, end + 1)
            }
            guard end > start else { break }
            let thickness = sum / side
            var offset = 0.0
            for size in sizes[start..<end] {
                let length = size * scale / thickness
                result.append(
                    rest.width >= rest.height
                        ? Area(x: rest.x, y: rest.y + offset, width: thickness, height: length)
                        : Area(x: rest.x + offset, y: rest.y, width: length, height: thickness))
                offset += length
            }
            if rest.width >= rest.height {
                (rest.x, rest.width) = (rest.x + thickness, rest.width - thickness)
            } else {
                (rest.y, rest.height) = (rest.y + thickness, rest.height - thickness)
            }
            start = end
        }
        return result
    }

    private static func attributes(_ area: Area) -> String {
        "x=\"\(number(area.x))\" y=\"\(number(area.y))\" width=\"\(number(area.width))\" height=\"\(number(area.height))\""
    }

    /// A number with one digit behind the point, the same everywhere.
    private static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
    }

    /// The letter of a class for a mark; nothing else gets into one.
    private static func letter(_ mark: String) -> String {
        ["A", "C", "D", "R"].contains(mark) ? mark : mark.isEmpty ? "" : "X"
    }
}
