// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

/// Times as documents write them, and lengths of time in words.
@Suite(.timeLimit(.minutes(15))) struct MomentTests {
    @Test func `times are read in every zone`() {
        #expect(Moment(parsing: "1970-01-01T00:00:00Z")?.seconds == 0)
        #expect(Moment(parsing: "2025-01-02T03:04:05Z")?.seconds == 1_735_787_045)
        #expect(Moment(parsing: "2025-01-02T03:04:05.123456789Z")?.seconds == 1_735_787_045)
        #expect(Moment(parsing: "2024-02-29T23:59:59+01:00")?.seconds == 1_709_247_599)
        #expect(Moment(parsing: "2024-02-29 23:59:59.5-05:30")?.seconds == 1_709_270_999)
        #expect(Moment(parsing: "0001-01-01T00:00:00Z")?.seconds == -62_135_596_800)
        #expect(Moment(parsing: "0000-01-01T00:00:00Z")?.seconds == -62_167_219_200)
        #expect(Moment(parsing: "9999-12-31T23:59:59z")?.seconds == 253_402_300_799)
    }

    @Test func `what is no time is none`() {
        for text in [
            "", "2025-01-02", "2025-01-02T03:04:05", "2025-13-02T03:04:05Z", "2025-01-00T03:04:05Z",
            "2025-01-02T24:04:05Z", "2025-01-02T03:04:05+1:00", "2025-01-02T03:04:05+01:00x", "-025-01-02T03:04:05Z",
            "2025/01/02T03:04:05Z", "2025-01-02T03:04:05.Zx", "2025-01-02T03:04:05é",
        ] { #expect(Moment(parsing: text) == nil, "\(text)") }
    }

    @Test func `ages have the words that docker has`() {
        let hour: Int64 = 3600
        for (seconds, words) in [
            (-5, "Less than a second"), (0, "Less than a second"), (1, "1 second"), (59, "59 seconds"),
            (60, "About a minute"), (119, "About a minute"), (120, "2 minutes"), (hour - 1, "59 minutes"),
            (hour, "About an hour"), (hour * 3 / 2, "2 hours"), (47 * hour, "47 hours"), (48 * hour, "2 days"),
            (24 * 13 * hour, "13 days"), (24 * 14 * hour, "2 weeks"), (24 * 59 * hour, "8 weeks"),
            (24 * 60 * hour, "2 months"), (24 * 729 * hour, "24 months"), (24 * 730 * hour, "2 years"),
        ] as [(Int64, String)] {
            #expect(Moment(seconds: 1000).age(at: Moment(seconds: 1000 + seconds)) == words)
        }
        #expect(Moment(seconds: .min).age(at: Moment(seconds: .max)) == "292471208677 years")
    }

    @Test func `lengths of time are written as Go does`() {
        for (nanoseconds, text) in [
            (0, "0s"), (1, "1ns"), (1500, "1.5µs"), (2_000_000, "2ms"), (30_000_000_000, "30s"),
            (90_500_000_000, "1m30.5s"), (3_600_000_000_000, "1h0m0s"), (-1_000_000_000, "-1s"),
            (.min, "-2562047h47m16.854775808s"),
        ] as [(Int64, String)] {
            #expect(GoDuration(nanoseconds: nanoseconds).description == text)
        }
    }
}
