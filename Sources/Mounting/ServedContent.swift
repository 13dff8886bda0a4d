// SPDX-License-Identifier: Apache-2.0

import FuseServer
import LinuxIO
import OverlayLayers

/// What a server is told about the files that it serves.
struct ServedContent: Sendable {
    /// How many descriptors there are.
    var count: Int
    /// Whether the second of a tree's is its notes.
    var hasNotes = false
    /// How directories are to be understood; nil for the files of a tree.
    var overlay: OverlayOptions?
    /// How the upper is kept whose directories are the last two descriptors; nil where nothing can be changed.
    var upper: UpperSettings?

    /// The content in the order of its descriptors, and what tells them apart.
    init(_ content: MountSource.Content) {
        switch content {
        case .tree(let files):
            count = files.layers.count + (files.notes == nil ? 1 : 2)
            hasNotes = files.notes != nil
        case .directories(let directories, let options):
            count = directories.count
            overlay = options
        case .writable(let lower, let upper):
            let below = ServedContent(lower)
            count = below.count + 2
            hasNotes = below.hasNotes
            overlay = below.overlay
            self.upper = upper.settings
        }
    }

    /// Reads back what `record(source:)` makes.
    ///
    /// - Throws: `MountError` for what that never makes.
    init(_ record: ServerRecord) throws {
        upper = try record.upper.map(UpperSettings.init(parsing:))
        count = record.count
        hasNotes = record.hasNotes
        overlay = try record.marks.map { marks in
            OverlayOptions(
                marks: OverlayMarkFormats(rawValue: marks), identifiers: try record.identifiers.map(Self.identifiers),
                isChanging: record.isChanging)
        }
    }

    /// What a server is told of it.
    func record(source: String) -> ServerRecord {
        var record = ServerRecord(source: source, count: count)
        record.hasNotes = hasNotes
        record.upper = upper?.text
        guard let overlay else { return record }
        record.marks = overlay.marks.rawValue
        record.isChanging = overlay.isChanging
        record.identifiers = overlay.identifiers.map(Self.text)
        // The last one stands for all that follow.
        while record.identifiers.count > 1, record.identifiers.last == record.identifiers.dropLast().last {
            record.identifiers.removeLast()
        }
        return record
    }

    /// The content made of the descriptors.
    func content(_ descriptors: [Descriptor]) throws -> MountSource.Content {
        guard descriptors.count == count, let first = descriptors.first, !hasNotes || count > 1 else {
            throw MountError("descriptors are missing")
        }
        guard let upper else { return content(first, descriptors) }
        guard count > 2 else { throw MountError("descriptors are missing") }
        return .writable(
            content(first, descriptors.dropLast(2)),
            WritableUpper(directory: descriptors[count - 2], work: descriptors[count - 1], settings: upper))
    }

    private func content(_ first: Descriptor, _ descriptors: [Descriptor]) -> MountSource.Content {
        if let overlay { return .directories(descriptors, overlay) }
        return .tree(
            MountSource.TreeFiles(
                image: first, notes: hasNotes && descriptors.count > 1 ? descriptors[1] : nil,
                layers: Array(descriptors.dropFirst(hasNotes ? 2 : 1))))
    }

    /// Ranges of users or groups as text.
    static func texts(_ ranges: [NumberRange]?) -> [String] { (ranges ?? []).map { "\($0.first)-\($0.count)" } }

    /// Reads back one of `texts`.
    static func range(_ text: String) throws -> NumberRange {
        let numbers = text.split(separator: "-").compactMap { UInt32($0) }
        guard numbers.count == 2 else { throw MountError("no such range: \(text)") }
        return NumberRange(first: numbers[0], count: numbers[1])
    }

    /// `CONTAINER-HOST-COUNT,…/CONTAINER-HOST-COUNT,…`: users, then groups.
    private static func text(_ identifiers: IdentifierMapping) -> String {
        [identifiers.users, identifiers.groups].map { ranges in
            ranges.map { "\($0.container)-\($0.host)-\($0.count)" }.joined(separator: ",")
        }.joined(separator: "/")
    }

    private static func identifiers(_ text: String) throws -> IdentifierMapping {
        let parts = try text.split(separator: "/", omittingEmptySubsequences: false).map { part in
            try part.split(separator: ",").map { range in
                let numbers = range.split(separator: "-").compactMap { UInt32($0) }
                guard numbers.count == 3 else { throw MountError("no such mapping: \(text)") }
                return IdentifierRange(container: numbers[0], host: numbers[1], count: numbers[2])
            }
        }
        guard parts.count == 2 else { throw MountError("no such mapping: \(text)") }
        return IdentifierMapping(users: parts[0], groups: parts[1])
    }
}

extension MountSource.Content {
    /// What lies below the upper of what can be written to.
    var belowUpper: MountSource.Content {
        if case .writable(let lower, _) = self { lower } else { self }
    }

    /// The open files, in the order in which a server gets them.
    var descriptors: [Descriptor] {
        switch self {
        case .tree(let files): [files.image] + (files.notes.map { [$0] } ?? []) + files.layers
        case .directories(let directories, _): directories
        case .writable(let lower, let upper): lower.descriptors + [upper.directory, upper.work]
        }
    }
}
