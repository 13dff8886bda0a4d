// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import OCI

/// How two images were made: their layers side by side, aligned by diff ID.
struct DiffHistory {
    /// A layer, and the step that made it.
    struct Layer: Equatable {
        let diffID: DiffID
        /// Bytes as they are stored.
        let size: Int64
        /// The command, without what builders put around it; empty where it is not known.
        let command: String
    }

    /// What became of a layer.
    enum Row: Equatable {
        case shared(Layer)
        case removed(Layer)
        case added(Layer)
        /// Another layer that the same command made.
        case rebuilt(Layer, Layer)
    }

    let rows: [Row]

    init(_ left: ImageDescription, _ right: ImageDescription) {
        self.init(Self.layers(of: left), Self.layers(of: right))
    }

    /// Aligns layers.
    init(_ left: [Layer], _ right: [Layer]) {
        let difference = right.map(\.diffID).difference(from: left.map(\.diffID))
        var (gone, new): (Set<Int>, Set<Int>) = ([], [])
        for change in difference {
            switch change {
            case .remove(let offset, _, _): gone.insert(offset)
            case .insert(let offset, _, _): new.insert(offset)
            }
        }
        var rows: [Row] = []
        var (first, second) = (0, 0)
        while first < left.count || second < right.count {
            var (removed, added): ([Layer], [Layer]) = ([], [])
            while gone.contains(first) {
                removed.append(left[first])
                first += 1
            }
            while new.contains(second) {
                added.append(right[second])
                second += 1
            }
            rows += Self.rows(removed, added)
            if first < left.count, second < right.count {
                rows.append(.shared(left[first]))
                (first, second) = (first + 1, second + 1)
            }
        }
        self.rows = rows
    }

    /// Layers that took the place of others: those of the same command belong together.
    private static func rows(_ removed: [Layer], _ added: [Layer]) -> [Row] {
        var waiting = removed[...]
        var rows: [Row] = []
        for layer in added {
            if !layer.command.isEmpty, let match = waiting.firstIndex(where: { $0.command == layer.command }) {
                rows += waiting[..<match].map(Row.removed)
                rows.append(.rebuilt(waiting[match], layer))
                waiting = waiting[(match + 1)...]
            } else {
                rows.append(.added(layer))
            }
        }
        return rows + waiting.map(Row.removed)
    }

    /// Whether any layer is not in both.
    var differs: Bool {
        rows.contains { row in
            if case .shared = row { false } else { true }
        }
    }

    /// A line for each layer, and how many there are of each kind.
    var text: String {
        var counts = (shared: 0, rebuilt: 0, removed: 0, added: 0)
        var table: [[String]] = []
        for row in rows {
            switch row {
            case .shared(let layer):
                counts.shared += 1
                table.append(Self.cells("=", layer))
            case .rebuilt(let old, let new):
                counts.rebuilt += 1
                table += [Self.cells("-", old), Self.cells("+", new)]
            case .removed(let layer):
                counts.removed += 1
                table.append(Self.cells("-", layer))
            case .added(let layer):
                counts.added += 1
                table.append(Self.cells("+", layer))
            }
        }
        let parts = [
            "\(counts.shared) shared", "\(counts.rebuilt) rebuilt by the same command", "\(counts.removed) gone",
            "\(counts.added) new",
        ]
        return TextTable.text(table) + parts.joined(separator: ", ") + "\n"
    }

    /// Writes an array of an object for each layer.
    func write(to text: inout JSONText) {
        func write(_ sign: String, _ layer: Layer, replaces old: Layer? = nil) {
            text.beginObject()
            text.member("change", sign)
            text.member("diff_id", "\(layer.diffID)")
            text.key("size")
            text.number(layer.size)
            if !layer.command.isEmpty { text.member("command", layer.command) }
            if let old { text.member("rebuilt_from", "\(old.diffID)") }
            text.endObject()
        }
        text.beginArray()
        for row in rows {
            switch row {
            case .shared(let layer): write("=", layer)
            case .removed(let layer): write("D", layer)
            case .added(let layer): write("A", layer)
            case .rebuilt(let old, let new):
                write("D", old)
                write("A", new, replaces: old)
            }
        }
        text.endArray()
    }

    private static func cells(_ sign: String, _ layer: Layer) -> [String] {
        [sign, String(layer.diffID.digest.hex.prefix(12)), TextTable.size(max(0, layer.size)), layer.command.printable]
    }

    /// The layers of an image with the steps of its history that made one, base layer first.
    static func layers(of image: ImageDescription) -> [Layer] {
        let steps = (image.configuration.history ?? []).filter { !($0.emptyLayer ?? false) }
        let diffIDs = image.configuration.rootfs.diffIDs
        return diffIDs.enumerated().map { position, diffID in
            // A history that does not tell of every layer tells of none.
            let step = steps.count == diffIDs.count ? steps[position] : nil
            let size = position < image.manifest.layers.count ? image.manifest.layers[position].size : 0
            return Layer(
                diffID: diffID, size: size, command: step.map { Self.command($0.createdBy ?? $0.comment ?? "") } ?? "")
        }
    }

    /// A command without what builders put around it.
    static func command(_ text: String) -> String {
        var text = text[...]
        for prefix in ["/bin/sh -c #(nop) ", "/bin/sh -c "] where text.hasPrefix(prefix) {
            text = text.dropFirst(prefix.count)
        }
        if text.hasSuffix("# buildkit") { text = text.dropLast("# buildkit".count) }
        return text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
