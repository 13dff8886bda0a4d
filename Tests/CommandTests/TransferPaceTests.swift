// SPDX-License-Identifier: Apache-2.0

import Console
import Testing

/// How far a transfer is, in words.
@Suite(.timeLimit(.minutes(15))) struct TransferPaceTests {
    @Test func `a line has percent, bytes and the rate of the last seconds`() {
        var pace = TransferPace()
        let start = ContinuousClock.now
        #expect(pace.text(0, of: 100_000_000, at: start) == "[....................] 0%, 0 B of 100.0 MB")
        for second in 0...10 {
            // Slow at first, fast later: only the last five seconds count.
            let count = UInt64(second < 5 ? second : 10 * second - 45) * 1_000_000
            pace.note(count, at: start + .seconds(second))
        }
        #expect(
            pace.text(55_000_000, of: 100_000_000, at: start + .seconds(10))
                == "[###########.........] 55%, 55.0 MB of 100.0 MB, 10.0 MB/s")
        #expect(pace.text(55_000_000, of: nil, at: start + .seconds(10)) == "55.0 MB, 10.0 MB/s")
        #expect(pace.text(200, of: 100, at: start) == "[####################] 100%, 200 B of 100 B")
    }
}
