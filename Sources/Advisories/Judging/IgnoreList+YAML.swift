// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages
import YAML

extension IgnoreList {
    /// Reads a list in YAML, as `.trivyignore.yaml` is: `vulnerabilities`, each with `id`, and perhaps `paths`, `purls`,
    /// `statement` and `expired_at`.
    ///
    /// Other lists of the file are not about vulnerabilities, and are not looked at.
    ///
    /// - Throws: `AdvisoryError` for what cannot be understood: an entry that is left out by mistake would be told as a
    ///   finding, one that is taken for more than it says would hide some.
    package init(yaml bytes: [UInt8], name: String) throws(AdvisoryError) {
        self.init()
        let document: YAMLValue
        do throws(YAMLError) {
            document = try YAMLValue(bytes, name: name)
        } catch {
            throw AdvisoryError(error.description)
        }
        guard case .mapping(let top) = document else { throw AdvisoryError("\(name): is not a mapping") }
        guard let section = top["vulnerabilities"], !section.isNull else { return }
        guard case .list(let items) = section else { throw AdvisoryError("\(name): vulnerabilities: is not a list") }
        for (number, item) in items.enumerated() {
            add(try Self.entry(item, "\(name): vulnerabilities: entry \(number + 1)"))
        }
    }

    private static func entry(_ item: YAMLValue, _ place: String) throws(AdvisoryError) -> Entry {
        guard case .mapping(let members) = item else { throw AdvisoryError("\(place): is not a mapping") }
        func text(_ key: String) throws(AdvisoryError) -> String? {
            guard let value = members[key], !value.isNull else { return nil }
            guard case .scalar(let text, _) = value else { throw AdvisoryError("\(place): \(key): is not a text") }
            return text
        }
        func texts(_ key: String) throws(AdvisoryError) -> [String] {
            guard let value = members[key], !value.isNull else { return [] }
            guard case .list(let values) = value else { throw AdvisoryError("\(place): \(key): is not a list") }
            var found: [String] = []
            for value in values {
                guard case .scalar(let text, _) = value else {
                    throw AdvisoryError("\(place): \(key): has what is no text")
                }
                found.append(text)
            }
            return found
        }
        let known: Set<String> = ["id", "paths", "purls", "statement", "expired_at"]
        if let other = members.keys.filter({ !known.contains($0) }).min() {
            throw AdvisoryError(
                "\(place): \"\(other.printable)\": not one of \(known.sorted().joined(separator: ", "))")
        }
        guard let id = try text("id"), !id.isEmpty else { throw AdvisoryError("\(place): has no id") }
        var entry = Entry(id: id)
        entry.statement = try text("statement") ?? ""
        for path in try texts("paths") {
            entry.paths.append(Array((path.hasPrefix("/") ? path.dropFirst() : path[...]).utf8))
        }
        for name in try texts("purls") {
            guard let url = PackageURL(parsing: Array(name.utf8)) else {
                throw AdvisoryError("\(place): purls: \"\(name.printable)\" is no package URL")
            }
            entry.urls.append(url)
        }
        if let day = try text("expired_at") {
            let date = String(day.prefix(10))
            guard Moment(parsing: "\(date)T00:00:00Z") != nil else {
                throw AdvisoryError("\(place): expired_at: \"\(day.printable)\" is no day as 2026-01-31")
            }
            entry.until = date
        }
        return entry
    }
}

/// A pattern of paths: `*` within a component, `**` over any, `?` for a byte.
enum PathPattern {
    /// Whether a path fits, both without a leading `/`: of the stars before only the last one of each kind is tried
    /// again, which is enough.
    static func matches(_ path: [UInt8], _ pattern: [UInt8]) -> Bool {
        let (star, slash) = (UInt8(ascii: "*"), UInt8(ascii: "/"))
        var (place, next) = (0, 0)
        /// Where to go on if what follows a star does not fit: behind it, with one byte more taken by it.
        var (single, double): ((Int, Int)?, (Int, Int, isDirectories: Bool)?) = (nil, nil)
        while place < path.count {
            if next < pattern.count, pattern[next] == star {
                if next + 1 < pattern.count, pattern[next + 1] == star {
                    next += 2
                    // `**/x` is also x, and x below any directory.
                    let isDirectories =
                        next < pattern.count && pattern[next] == slash && (place == 0 || path[place - 1] == slash)
                    if isDirectories { next += 1 }
                    (double, single) = ((next, place, isDirectories), nil)
                } else {
                    next += 1
                    single = (next, place)
                }
            } else if next < pattern.count,
                pattern[next] == path[place] || pattern[next] == UInt8(ascii: "?") && path[place] != slash
            {
                (place, next) = (place + 1, next + 1)
            } else if let (behind, taken) = single, path[taken] != slash {
                single = (behind, taken + 1)
                (place, next) = (taken + 1, behind)
            } else if let (behind, taken, isDirectories) = double {
                var start = taken + 1
                if isDirectories {
                    guard let end = path[taken...].firstIndex(of: slash) else { return false }
                    start = end + 1
                }
                (double, single) = ((behind, start, isDirectories), nil)
                (place, next) = (start, behind)
            } else {
                return false
            }
        }
        return pattern[next...].allSatisfy { $0 == star }
    }
}
