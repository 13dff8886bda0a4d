// SPDX-License-Identifier: Apache-2.0

import FileTree
import TestSupport

extension TarFeature {
    /// The blocks of a pax header alone.
    static func pax(_ records: [(String, String)], type: Character = "x") -> [UInt8] {
        let text = TarBuilder.paxText(records.map { ($0.0, Array($0.1.utf8)) })
        var tar = TarBuilder()
        var extended = TarHeader("x", type: type)
        extended.size = Int64(text.count)
        tar.entry(extended, content: text)
        return tar.body
    }

    static func paxBytes(_ records: [([UInt8], [UInt8])]) -> [UInt8] {
        let text = records.flatMap { key, value -> [UInt8] in
            let rest = [0x20] + key + [0x3D] + value + [0x0A]
            var length = rest.count + 1
            while String(length).utf8.count + rest.count != length { length += 1 }
            return Array(String(length).utf8) + rest
        }
        var tar = TarBuilder()
        var extended = TarHeader("x", type: "x")
        extended.size = Int64(text.count)
        tar.entry(extended, content: text)
        return tar.body
    }

    static let sparseFiles: [TarFeature] =
        SparseFormat.allCases.flatMap { format in
            [
                TarFeature(
                    "a sparse file, \(format)",
                    lines: [
                        "s regular 644 size=5000 512:\"aaaa\" 1024:\"bb\" 4998:\"cc\"",
                        "next regular 644 size=1 0:\"x\"",
                    ]
                ) {
                    $0.sparse(
                        "s", format, size: 5000,
                        runs: [
                            (512, Array("aaaa".utf8)), (1024, Array("bb".utf8)), (4998, Array("cc".utf8)),
                        ])
                    $0.file("next", "x")
                },
                TarFeature(
                    "a file that is all hole, \(format)",
                    lines: [
                        "s regular 644 size=1099511627776", "next regular 644 size=0",
                    ]
                ) {
                    $0.sparse("s", format, size: 1 << 40, runs: [])
                    $0.file("next")
                },
                TarFeature(
                    "a sparse file of 60 pieces, \(format)",
                    lines: [
                        "s regular 644 size=61440" + (0..<60).map { " \($0 * 1024):\"x\"" }.joined(),
                        "next regular 644 size=0",
                    ]
                ) {
                    $0.sparse("s", format, size: 61_440, runs: (0..<60).map { ($0 * 1024, [0x78]) })
                    $0.file("next")
                },
            ]
        }

    static let kinds: [TarFeature] = [
        TarFeature(
            "directories, links, devices, fifos",
            lines: [
                "d/ directory 1777", "l symbolicLink 777 -> ../t", "c characterDevice 600 4095:1048575",
                "b blockDevice 600 259:300", "p fifo 644", "h = d/f", "w characterDevice 600 0:0",
            ]
        ) {
            $0.directory("d/", mode: 0o1777)
            $0.symlink("l", to: "../t")
            $0.characterDevice("c", major: 4095, minor: 1_048_575)
            $0.blockDevice("b", major: 1, minor: 2, pax: ["SCHILY.devmajor": "259", "SCHILY.devminor": "300"])
            $0.fifo("p")
            $0.hardLink("h", to: "d/f")
            $0.characterDevice("w", major: 0, minor: 0)
        },
        TarFeature(
            "types that are read as files", lines: ["a regular 644 size=1 0:\"x\"", "b regular 644 size=1 0:\"y\""]
        ) {
            $0.entry(header("a", type: "7") { $0.size = 1 }, content: [0x78])
            $0.entry(header("b", type: "Z") { $0.size = 1 }, content: [0x79])
        },
        TarFeature(
            "a size where no data is",
            lines: [
                "h = a", "l symbolicLink 777 -> a", "d directory 644", "c characterDevice 644 0:0", "f fifo 644",
                "end regular 644 size=0",
            ]
        ) {
            for (name, type) in [("h", "1"), ("l", "2"), ("d", "5"), ("c", "3"), ("f", "6")] as [(String, Character)] {
                $0.entry(header(name, type: type) { ($0.size, $0.linkName) = (5000, [0x61]) }, pax: [("size", [0x39])])
            }
            $0.file("end")
        },
        TarFeature("a directory with a list of its files", lines: ["d directory 644", "end regular 644 size=0"]) {
            $0.entry(header("d", type: "D") { $0.size = 600 }, content: [UInt8](repeating: 0x59, count: 600))
            $0.file("end")
        },
        TarFeature("a volume's label", lines: ["a regular 644 size=0"]) {
            $0.entry(header("label", type: "V") { _ in })
            $0.file("a")
        },
    ]

    static let ends: [TarFeature] = [
        TarFeature("no entries", lines: []) { _ in },
        TarFeature("no end at all", lines: ["a regular 644 size=1 0:\"x\""]) {
            $0.file("a", "x")
            $0.endBlocks = 0
        },
        TarFeature("one block of zeros at the end", lines: ["a regular 644 size=0"]) {
            $0.file("a")
            $0.endBlocks = 1
        },
        TarFeature("twenty blocks of zeros", lines: ["a regular 644 size=0"]) {
            $0.file("a")
            $0.endBlocks = 20
        },
        TarFeature("anything behind the end", lines: ["a regular 644 size=0"]) {
            $0.file("a")
            $0.trailing = TarBuilder { $0.file("hidden") }.bytes + [1, 2, 3]
        },
        TarFeature("a header for all files and nothing else", lines: []) { $0.globalHeader(["comment": "x"]) },
    ]
}
