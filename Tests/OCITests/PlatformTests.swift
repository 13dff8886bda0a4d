// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

@Suite(.timeLimit(.minutes(15))) struct PlatformTests {
    @Test(arguments: [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("Linux/AArch64", "linux/arm64"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/armhf", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/i686", "linux/386"),
        ("windows/amd64", "windows/amd64"),
    ])
    func `a platform is parsed and its architecture spelled as in Go`(text: String, expected: String) throws {
        #expect(try Platform(parsing: text).description == expected)
    }

    @Test(arguments: ["", "linux", "linux/", "/amd64", "linux/arm/v7/x", "linux/ä", "linux/a b", "a//b"])
    func `what is no platform is refused`(text: String) {
        #expect(
            throws: FormatError(
                "platform \"\(text)\"", "is not of the form os/architecture or os/architecture/variant")
        ) { try Platform(parsing: text) }
    }

    @Test(arguments: [
        ("linux/arm/v7", ["linux/arm64", "linux/arm/v6", "linux/arm/v7", "linux/arm/v5"], [2, 1, 3]),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"], [1, 2]),
        ("linux/arm", ["linux/arm/v6", "linux/arm", "linux/arm/v8"], [1, 0, 2]),
        ("linux/arm64", ["linux/arm64/v9", "linux/arm64/v8", "linux/arm64"], [1, 2, 0]),
        ("linux/arm64/v8", ["linux/arm64/v9", "linux/arm64/v8.1", "linux/arm64"], [2]),
        ("linux/amd64", ["linux/amd64/v3", "linux/amd64/v2"], [1, 0]),
        ("linux/amd64/v3", ["linux/amd64", "linux/amd64/v2", "linux/amd64/v4"], [1, 0]),
        ("linux/riscv64", ["linux/riscv64/rva20u64", "linux/riscv64"], [1]),
        ("linux/amd64", ["windows/amd64", "linux/386"], []),
    ])
    func `the nearest variant serves best`(wanted: String, offered: [String], order: [Int]) throws {
        let wanted = try Platform(parsing: wanted)
        let distances = try offered.map { wanted.distance(to: try Platform(parsing: $0)) }
        let sorted = distances.indices.filter { distances[$0] != nil }
            .sorted { (distances[$0] ?? 0, $0) < (distances[$1] ?? 0, $1) }
        #expect(sorted == order)
    }

    @Test func `the host's platform is one of Linux`() {
        #expect(Platform.host.os == "linux")
        #expect(Platform.host.distance(to: Platform.host) == 0)
    }
}
