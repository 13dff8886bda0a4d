// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The project's files as they lie beside this test.
enum Checkout {
    /// A text file.
    struct File: Sendable {
        /// The path below the checkout.
        let path: String
        let lines: [String]

        /// The folder below `Sources/` that it belongs to, which is the module's name.
        var module: String? {
            let parts = path.split(separator: "/")
            return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every file below some folders whose name ends in one of some extensions, sorted by path.
    static func files(in folders: [String], extensions: Set<String>) throws -> [File] {
        var found: [File] = []
        for folder in folders {
            let paths = FileManager.default.enumerator(atPath: root.appending(path: folder).path)
            while let path = paths?.nextObject() as? String {
                guard extensions.contains((path as NSString).pathExtension) else { continue }
                let bytes = try Data(contentsOf: root.appending(path: folder).appending(path: path))
                let text = String(decoding: bytes, as: UTF8.self)
                var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                if lines.last == "" { lines.removeLast() }
                found.append(File(path: folder + "/" + path, lines: lines))
            }
        }
        return found.sorted { $0.path < $1.path }
    }
}
