// SPDX-License-Identifier: Apache-2.0

import Engines
import Testing

@Suite("Maps of users and groups", .timeLimit(.minutes(15)))
struct IDMapTests {
    @Test("a map within a map gives the host's numbers")
    func nested() throws {
        let outer = try #require(IDMap(text: Array("0 1001 1\n1 100000 65536\n".utf8)))
        let inner = try #require(IDMap(text: Array("0 1000 2000\n".utf8)))
        let both = inner.within(outer)
        #expect(both.ranges == [try #require(IDMapping(container: 0, host: 100_999, count: 2000))])
        #expect(both.container(of: 100_999) == 0)
        #expect(both.container(of: 1001) == nil)
    }
}
