// SPDX-License-Identifier: Apache-2.0

import OverlayLayers
import TestSupport

/// Operations on few names at random, so that they meet.
struct RandomOperations {
    private var random: SeededGenerator
    private var count = 0

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func next() -> Operation {
        count += 1
        let (path, other) = (path(), path())
        switch Int.random(in: 0..<24, using: &random) {
        case 0...2: return .write(path, "text \(count)")
        case 3: return .append(path, " more \(count)")
        case 4: return .truncate(path, Int.random(in: 0..<20, using: &random))
        case 5...7: return .makeDirectory(path)
        case 8: return .symbolicLink(path, "target \(count)")
        case 9: return .link(path, other)
        case 10, 11: return .unlink(path)
        case 12, 13: return .removeDirectory(path)
        case 14...17: return .rename(path, other)
        case 18: return .exchange(path, other)
        case 19: return .renameWithoutReplacing(path, other)
        case 20: return .mode(path, [0o600, 0o755, 0o4711, 0o1777].randomElement(using: &random) ?? 0o600)
        case 21: return .owner(path, UInt32(count % 7))
        case 22: return .attribute(path, "value \(count)")
        default: return .removeAttribute(path)
        }
    }

    private mutating func path() -> String {
        let names = ["a", "b", "c"]
        return (0...Int.random(in: 0...2, using: &random))
            .map { _ in names.randomElement(using: &random) ?? "a" }.joined(separator: "/")
    }
}
