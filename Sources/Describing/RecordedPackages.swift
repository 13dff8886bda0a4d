// SPDX-License-Identifier: Apache-2.0

import FileTree
import Packages

/// Databases of packages, by package: those in text with all they say, those of rpm with name, version and build.
enum RecordedPackages {
    private static let dpkg = ["/var/lib/dpkg/status", "/usr/lib/opkg/status"]
    private static let apk = ["/lib/apk/db/installed", "/usr/lib/apk/db/installed"]
    private static let rpm = ["/var/lib/rpm/", "/usr/lib/sysimage/rpm/", "/usr/share/rpm/"]

    /// Describes rpm's database; nil for what lies elsewhere.
    static func database(_ file: RecordFile, path: [UInt8], _ budget: inout Description.Budget) -> Description? {
        guard let slash = path.lastIndex(of: 0x2F), rpm.contains(where: { path[...slash].elementsEqual($0.utf8) }),
            let kind = RPMDatabase.kind(ofFile: Array(path[(slash + 1)...])), budget.take(file.size)
        else { return nil }
        let list = RPMDatabase.read(file, kind: kind, fileLimit: 0)
        var lines = list.records.map { record in
            [record.package.name, record.package.version, record.package.architecture, record.package.build]
                .filter { !$0.isEmpty }.map { Bytes.escaped($0) }.joined(separator: " ")
        }.sorted()
        // What cannot be read is no reason to hide the rest.
        lines += list.problems.map { "damaged: \($0)" }
        return Description("packages", lines: lines)
    }

    /// Describes a database in text: its stanzas sorted, each line with the package's name before it; nil for others.
    static func stanzas(_ bytes: [UInt8], path: [UInt8]) -> Description? {
        let isDpkg = dpkg.contains { path.elementsEqual($0.utf8) }
        guard isDpkg || apk.contains(where: { path.elementsEqual($0.utf8) }) else { return nil }
        let field = Array((isDpkg ? "Package: " : "P:").utf8)
        var stanzas: [(name: [UInt8], lines: [ArraySlice<UInt8>])] = []
        var lines: [ArraySlice<UInt8>] = []
        var size = 0
        func end() {
            guard !lines.isEmpty else { return }
            let name = lines.first { $0.starts(with: field) }.map { Array($0.dropFirst(field.count)) } ?? []
            size += lines.reduce(0) { $0 + $1.count + name.count + 2 }
            stanzas.append((name, lines))
            lines = []
        }
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            if line.isEmpty { end() } else { lines.append(line) }
        }
        end()
        // A long name before each of many lines would make more of a file than it is.
        guard size <= Description.limit else { return nil }
        // Two of a name, as for two machines, stay in their order.
        let order = stanzas.indices.sorted { one, other in
            stanzas[one].name == stanzas[other].name
                ? one < other : stanzas[one].name.lexicographicallyPrecedes(stanzas[other].name)
        }
        var text: [UInt8] = []
        text.reserveCapacity(size)
        for place in order {
            for line in stanzas[place].lines { text += stanzas[place].name + [0x20] + line + [0x0A] }
        }
        return Description("packages", text, isWhole: true)
    }
}
