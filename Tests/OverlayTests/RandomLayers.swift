// SPDX-License-Identifier: Apache-2.0

import OverlayLayers
import TestSupport

/// Scripts that fill layers with few names at random, so that layers meet often.
struct RandomLayers {
    private var random: SeededGenerator
    private var lines: [String] = []

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Two to five layers, the lowest first.
    mutating func layers() -> [String] {
        (0..<Int.random(in: 2...5, using: &random)).map { layer in
            lines = []
            fill("", depth: 0, layer)
            return lines.joined(separator: "\n")
        }
    }

    private mutating func fill(_ directory: String, depth: Int, _ layer: Int) {
        for name in ["a", "b", "c", "d"] where Int.random(in: 0..<3, using: &random) > 0 {
            let path = directory + name
            let kind = Int.random(in: 0..<14, using: &random)
            switch kind {
            case 0...5 where depth < 3:
                lines.append(
                    "mkdir -m \(["755", "700", "1777", "2755"].randomElement(using: &random) ?? "755") \(path)")
                mark(path, layer)
                fill(path + "/", depth: depth + 1, layer)
            case 6, 7:
                lines.append("mknod \(path) c 0 0")
            case 8:
                lines.append("ln -s \(layer)/x \(path)")
            case 9:
                lines.append("mknod \(path) c 0 \(layer)")
            case 10:
                lines.append(
                    "set -- $(find . -type f ! -perm 600 | sort | head -n 1); ln ${1:-/dev/null} \(path) 2>/dev/null || mkfifo \(path)"
                )
            case 11 where layer > 0:
                lines.append(
                    "truncate -s 4 \(path); setfattr -n trusted.overlay.metacopy \(path); chmod 600 \(path)")
            default:
                lines.append(
                    "echo \(layer)\(depth)\(kind) >\(path); chmod 6\(layer)4 \(path); setfattr -n user.l -v \(layer) \(path)"
                )
            }
        }
    }

    private mutating func mark(_ path: String, _ layer: Int) {
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1: lines.append("setfattr -n trusted.overlay.opaque -v y \(path)")
        case 2:
            let target = ["/a", "/b/c", "/a/b", "/d/a/c", "/c", "/none"].randomElement(using: &random) ?? "/a"
            lines.append("setfattr -n trusted.overlay.redirect -v \(target) \(path)")
        case 3:
            let target = ["a", "b", "c", "none"].randomElement(using: &random) ?? "a"
            lines.append("setfattr -n trusted.overlay.redirect -v \(target) \(path)")
        case 4: lines.append("chown \(layer):7 \(path)")
        default: break
        }
    }
}
