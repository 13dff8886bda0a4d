// SPDX-License-Identifier: Apache-2.0

import FileTree

extension BrowsedTree {
    /// How many names one pattern may be compared with.
    package static let patternLimit = 20_000_000

    /// The files that a path or a pattern names, sorted by path.
    ///
    /// A path that is there means itself, whatever characters it has. Else `*`, `?` and brackets fit within a component,
    /// but no `.` at its start, and a component `**` fits any number of directories. Links are followed on the way, but
    /// not by `**`, and at the end only where `followsLast` says so.
    ///
    /// - Throws: `BrowsingError`; `.noMatch` where nothing fits.
    package func files(_ pattern: [UInt8], followsLast: Bool = true) throws(BrowsingError) -> [BrowsedFile] {
        guard NamePattern.isPattern(pattern) else { return [try resolve(pattern, followsLast: followsLast)] }
        if let file = try find(pattern, followsLast: followsLast) { return [file] }
        let components = pattern.split(separator: UInt8(ascii: "/")).map(Array.init)
        var (found, seenCount) = ([root], 0)
        for (position, component) in components.enumerated() {
            let isLast = position == components.count - 1
            let mustBeDirectory = !isLast || pattern.last == UInt8(ascii: "/")
            var next: [BrowsedFile] = []
            // Directories within each other have the same ones below them, which are gone through once.
            var walked: Set<[UInt8]> = []
            for directory in found {
                next += try matches(of: component, in: directory, count: &seenCount, &walked).filter { file in
                    !mustBeDirectory || file.type == .directory || file.type == .symbolicLink
                }
            }
            found = []
            for file in next {
                guard file.type == .symbolicLink, mustBeDirectory || followsLast else {
                    found.append(file)
                    continue
                }
                guard let target = try find(file.path) else { continue }
                if !mustBeDirectory || target.type == .directory { found.append(target) }
            }
            found = Self.unique(found)
        }
        guard !found.isEmpty else { throw error(.noMatch, at: pattern) }
        return found
    }

    private func matches(
        of component: [UInt8], in directory: BrowsedFile, count: inout Int, _ walked: inout Set<[UInt8]>
    ) throws(BrowsingError) -> [BrowsedFile] {
        if component == Array("**".utf8) { return try directories(below: directory, count: &count, &walked) }
        guard NamePattern.isPattern(component) || component.contains(UInt8(ascii: "\\")) else {
            return try find(directory.path(of: component), followsLast: false).map { [$0] } ?? []
        }
        let children = try children(of: directory)
        count += children.count
        guard count <= Self.patternLimit else { throw error(.tooManyNames, at: directory.path) }
        let pattern = NamePattern(component, hidesDots: true)
        return children.filter { pattern.matches(Array($0.name)) }
    }

    /// A directory and all below it, but for those that were walked through before.
    private func directories(
        below start: BrowsedFile, count: inout Int, _ walked: inout Set<[UInt8]>
    ) throws(BrowsingError) -> [BrowsedFile] {
        var (found, waiting): ([BrowsedFile], [BrowsedFile]) = ([], [start])
        while let directory = waiting.popLast() {
            guard walked.insert(directory.path).inserted else { continue }
            found.append(directory)
            let children = try children(of: directory)
            count += children.count
            guard count <= Self.patternLimit else { throw error(.tooManyNames, at: directory.path) }
            waiting += children.reversed().filter { $0.type == .directory && $0.name.first != UInt8(ascii: ".") }
        }
        return found
    }

    private static func unique(_ files: [BrowsedFile]) -> [BrowsedFile] {
        var seen: Set<[UInt8]> = []
        return files.filter { seen.insert($0.path).inserted }
    }
}
