// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import EngineRecords

/// Values of containerd's databases.
struct ContainerdValueTests {
    private func number(_ value: UInt64, bytes count: Int = 8) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    @Test("numbers and times are read as Go writes them")
    func values() throws {
        #expect(ContainerdValue.unsigned([0x2A]) == 42)
        #expect(ContainerdValue.unsigned([0xAC, 0x02]) == 300)
        #expect(ContainerdValue.unsigned([UInt8](repeating: 0xFF, count: 9) + [1]) == .max)
        for damaged in [nil, [], [0x80], [0x01, 0x01], [UInt8](repeating: 0xFF, count: 9) + [2]] as [[UInt8]?] {
            #expect(ContainerdValue.unsigned(damaged) == nil)
        }
        #expect(ContainerdValue.signed([1]) == -1)
        #expect(ContainerdValue.signed([0xD8, 0x04]) == 300)
        let zone: [UInt8] = [0xFF, 0xFF]
        func time(_ seconds: UInt64, _ nanoseconds: UInt32) -> String? {
            ContainerdValue.time(
                [1] + number(seconds).reversed()
                    + number(UInt64(nanoseconds), bytes: 4).reversed() + zone)
        }
        #expect(time(0, 0) == "0001-01-01T00:00:00Z")
        #expect(time(62_135_596_800, 0) == "1970-01-01T00:00:00Z")
        #expect(time(62_135_596_800 + 951_782_400, 120_000_000) == "2000-02-29T00:00:00.12Z")
        #expect(time(62_135_596_800 + 1_795_268_009, 251_069_405) == "2026-11-21T13:33:29.251069405Z")
        #expect(time(315_537_897_599, 999_999_999) == "9999-12-31T23:59:59.999999999Z")
        #expect(time(315_537_897_600, 0) == nil)
        #expect(time(0, 1_000_000_000) == nil)
        #expect(ContainerdValue.time([1, 2, 3]) == nil)
        #expect(ContainerdValue.payload([0x0A, 1, 0x41, 0x12, 2, 0x42, 0x43]) == [0x42, 0x43])
        for damaged in [
            [], [0x0A], [0x0A, 5, 1], [0x12, 0xFF, 0xFF], [0x08, 1], [0x12] + [UInt8](repeating: 0xFF, count: 12),
        ]
            as [[UInt8]]
        { #expect(ContainerdValue.payload(damaged) == nil) }
    }
}
