// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Files of `fixtures/`, each with its origin in the list there.
enum Fixture {
    /// The lines of a text.
    static func lines(_ path: String, file: String = #filePath) throws -> [String] {
        let root = URL(fileURLWithPath: file).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appendingPathComponent("fixtures/" + path), encoding: .utf8)
        return text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }
}
