// SPDX-License-Identifier: Apache-2.0

import Pages
import Testing

/// A report as a page.
@Suite(.timeLimit(.minutes(5))) struct PageTests {
    private static func page(_ rows: [Page.Row]) -> String {
        var map = SizeMap { "\($0) bytes" }
        for row in rows { map.add(row.cells.last ?? "", size: 10, mark: row.mark) }
        var page = Page(title: "a <b>", facts: [("x", "\"'&")])
        page.add("Map", .map(map))
        page.add("Lines", .lines("one\n</pre><script>alert(1)</script>\u{1B}[2J\u{202E}"))
        page.add("Files", .table(headings: ["", "PATH"], numbers: [0], rows))
        return String(decoding: page.html, as: UTF8.self)
    }

    @Test func `whatever comes from outside is text`() {
        let hostile = "/</script><img src=x onerror=alert(1)>\"' onfocus=\"alert(2)"
        let page = Self.page([
            .init(["A", hostile], mark: "A", detail: "@@ -1 +1 @@\n-</pre><script>\n+\"'<b>\n"),
            .init(["X\" onclick=\"", "/b"], mark: "X\" onclick=\""),
        ])
        #expect(!page.contains("<img") && !page.contains("onfocus=\"") && !page.contains("onclick=\""))
        #expect(page.components(of: "<script").count == 2 && page.components(of: "<style").count == 2)
        #expect(page.contains("<del>-&lt;/pre&gt;&lt;script&gt;</del>") && page.contains("<h1>a &lt;b&gt;</h1>"))
        #expect(page.contains("\\u{1b}[2J\\u{202e}") && !page.contains("\u{1B}") && !page.contains("\u{202E}"))
        #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("style=\""))
    }

    @Test func `the same values give the same bytes, and large ones a page of bounded size`() {
        let rows = (0..<20_000).map { Page.Row(["A", "/d\($0 % 300)/file \($0)"], mark: "A", detail: "+line\n") }
        let page = Self.page(rows)
        #expect(page == Self.page(rows))
        #expect(page.contains("… and 15000 more; --format json has all."))
        #expect(page.utf8.count < 3_000_000)
        let long = (0..<100).map { Page.Row(["A", "/\($0)" + String(repeating: "/<", count: 30_000)], mark: "A") }
        #expect(Self.page(long).utf8.count < 5_000_000)
        #expect(
            Self.page([.init(["A", "/x"], detail: String(repeating: "+y\n", count: 1 << 20))]).utf8.count < 16_000_000)
    }

    @Test func `areas are bytes, and lie in one another`() throws {
        var map = SizeMap { "\($0)" }
        for (path, size) in [("/a/one", 600), ("/a/two", 200), ("/b", 200), ("/empty", 0)] {
            map.add(path, size: UInt64(size), mark: "")
        }
        var page = Page(title: "t", facts: [])
        page.add("m", .map(map))
        let text = String(decoding: page.html, as: UTF8.self)
        #expect(text.contains("aria-label=\"/, 1000\"") && text.contains("aria-label=\"/a/, 800\""))
        #expect(text.contains("aria-label=\"/a/one, 600\"") && !text.contains("/empty"))
        var deep = SizeMap { "\($0)" }
        deep.add(String(repeating: "/x", count: 30_000), size: 1)
        page.add("deep", .map(deep))
        #expect(page.html.count < 100_000)
        page.add("none", .map(SizeMap { "\($0)" }))
        #expect(String(decoding: page.html, as: UTF8.self).contains("nothing has bytes"))
    }
}

extension String {
    /// What is before, between and after a text.
    fileprivate func components(of text: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self[...]
        while let range = rest.firstRange(of: text) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
