// SPDX-License-Identifier: Apache-2.0

import FileTree
import Foundation
import LinuxIO
import TestSupport
import Testing
import Threads

/// 5,000 links with long targets: a tree of 19 MB without any data.
private func largeTree() -> TreeFixture {
    var fixture = TreeFixture()
    let target = String(repeating: "0123456789/", count: 360)
    for directory in 0..<50 {
        fixture.directory("d\(directory)")
        for link in 0..<100 { fixture.symbolicLink("d\(directory)/\(link)", to: target + "\(directory).\(link)") }
    }
    return fixture
}

/// The last component of a link's target.
private func ending(of link: String) throws -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = try retrying { readlink(link, &buffer, buffer.count) }
    return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        .split(separator: "/").last.map(String.init)
}

/// Bytes of the mapped files of a name that a process has in its memory, and how large they are mapped.
private func resident(_ suffix: String, of process: Int32) throws -> (resident: Int, mapped: Int) {
    var sum = (resident: 0, mapped: 0)
    var isMeant = false
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/\(process)/smaps"))
    let text = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words[0].contains("-") { isMeant = line.hasSuffix(suffix) }
        guard isMeant, words.count == 3, let kibibytes = Int(words[1]) else { continue }
        if words[0] == "Rss:" { sum.resident += kibibytes << 10 }
        if words[0] == "Size:" { sum.mapped += kibibytes << 10 }
    }
    return sum
}

@Suite(.serialized, .enabled(if: Requirements.fuse && Requirements.root), .timeLimit(.minutes(15)))
struct ServerMemoryTests {
    @Test func `a server that is asked for all of a tree keeps little of it in memory, and later nothing`()
        throws
    {
        let mount = try MountedFixture(largeTree())
        var greatest = 0
        for directory in 0..<50 {
            for link in 0..<100 {
                #expect(try ending(of: mount.path("d\(directory)/\(link)")) == "\(directory).\(link)")
            }
            greatest = max(greatest, try resident("/tree", of: mount.server.identifier).resident)
        }
        #expect(try resident("/tree", of: mount.server.identifier).mapped > 16 << 20)
        #expect(greatest > 0)
        #expect(greatest < 10 << 20)
        // After a second without a question.
        try Waiting.until("the tree's pages given back") {
            try resident("/tree", of: mount.server.identifier).resident == 0
        }
        #expect(try ending(of: mount.path("d49/99")) == "49.99")
    }
}
