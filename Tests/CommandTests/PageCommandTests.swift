// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `--format html` of `diff`, `layers`, `waste` and `check`: one page that runs nothing but its own script.
@Suite(.timeLimit(.minutes(15))) struct PageCommandTests {
    /// Names and texts that a page must not take for its own.
    private static let hostile = "x\"'><img src=x onerror=\"document.title='run'\"></details><script>alert(1)<"

    private static func bench() throws -> Workbench {
        let base = LayerBuilder(.gzip) {
            $0.directory("d")
            $0.file("d/\(hostile)", "12345")
            $0.file("d/text", "one\n</pre></details><script>document.title='run'</script>\n")
            $0.file("d/gone", "123")
        }
        let upper = LayerBuilder(.gzip) {
            $0.file("d/\(hostile)", "1234567")
            $0.file("d/text", "one\n</pre><script>document.title='ran'</script>\n")
            $0.whiteout("d/gone")
        }
        let bench = Workbench()
        OCILayoutBuilder {
            $0.image(ImageBuilder([base, upper]), tag: "new")
            $0.image(ImageBuilder([base]), tag: "old")
        }.write(to: bench.scratch)
        bench.scratch.file("judge.py", judge)
        return bench
    }

    /// Reads a page as a browser would, and tells its tags; wrong ones, and what could run or fetch, are errors.
    private static let judge = """
        import base64, hashlib, html.parser, sys

        class Page(html.parser.HTMLParser):
            def __init__(self):
                super().__init__()
                self.stack, self.tags, self.texts, self.policy = [], {}, [], ''
            def handle_starttag(self, tag, attributes):
                self.tags[tag] = self.tags.get(tag, 0) + 1
                for name, value in attributes:
                    assert not name.startswith('on') and name not in ('style', 'src', 'href', 'action'), (tag, name)
                known = dict(attributes)
                if known.get('http-equiv') == 'Content-Security-Policy': self.policy = known['content']
                if tag not in ('meta', 'input'): self.stack.append(tag)
            def handle_startendtag(self, tag, attributes): assert tag == 'rect', tag
            def handle_endtag(self, tag): assert self.stack.pop() == tag, tag
            def handle_data(self, data): self.texts.append((self.stack[-1] if self.stack else '', data))

        for name in sys.argv[1:]:
            page = Page()
            page.feed(open(name).read())
            page.close()
            assert not page.stack and page.policy.startswith("default-src 'none';")
            for tag in ('script', 'style'):
                body = ''.join(data for where, data in page.texts if where == tag)
                digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
                assert f"{tag}-src 'sha256-{digest}'" in page.policy, tag
            counts = [f'{tag} {page.tags.get(tag, 0)}' for tag in ('script', 'img', 'table', 'tr', 'details')]
            print(name, ', '.join(counts))
        """

    @Test func `pages are well formed, whatever names and texts there are`() throws {
        let bench = try Self.bench()
        #expect(try bench.shell("cimg diff --format html oci:layout:old oci:layout:new > diff.html").code == 1)
        #expect(try bench.shell("cimg waste --format html oci:layout:new > waste.html") == .success())
        #expect(try bench.shell("cimg layers --format html oci:layout:new > layers.html") == .success())
        #expect(
            try bench.shell("cimg check --format html --rule highest-size=1 oci:layout:new > check.html").code == 1)
        try expect(
            bench.run("/usr/bin/env", ["python3", "judge.py", "diff.html", "waste.html", "layers.html", "check.html"]),
            is: .success(
                """
                diff.html script 1, img 0, table 2, tr 8, details 4
                waste.html script 1, img 0, table 3, tr 11, details 0
                layers.html script 1, img 0, table 1, tr 3, details 0
                check.html script 1, img 0, table 1, tr 6, details 0

                """))
        // A page is a function of what is compared.
        #expect(
            try bench.shell("cimg diff --all --format html oci:layout:old oci:layout:new | cmp - diff.html")
                == .success())
    }

    @Test func `a browser runs the page's script and no other`() throws {
        let bench = try Self.bench()
        let browser = try bench.shell("command -v chromium-headless-shell || command -v chromium || true").output
        // Where there is none, the other tests have to do.
        guard let browser = browser.split(separator: "\n").first else { return }
        #expect(try bench.shell("cimg diff --format html oci:layout:old oci:layout:new > diff.html").code == 1)
        let shown = try bench.shell(
            "\(browser) --headless --no-sandbox --disable-gpu --virtual-time-budget=2000 --dump-dom "
                + "\"file://$PWD/diff.html\" 2>/dev/null")
        #expect(shown.code == 0)
        #expect(shown.output.contains("<output>3 of 3</output>"))
        #expect(shown.output.contains("<title>oci:layout:old → oci:layout:new</title>"))
    }

    @Test func `forms exclude one another`() throws {
        let bench = try Self.bench()
        for (arguments, line) in [
            (["diff", "--format", "html", "--json", "."], "--json and --format exclude each other"),
            (["diff", "--format", "html", "--stat", "."], "--format html and --stat exclude each other"),
            (["waste", "--format", "html", "--dive", "x"], "--dive and --format html exclude each other"),
            (["layers", "--format", "html", "--markdown", "x"], "--markdown and --format exclude each other"),
        ] {
            #expect(try bench.cimg(arguments) == .trouble(line))
        }
        #expect(
            try bench.cimg("layers", "--format", "json", "oci:layout:new")
                == bench.cimg("layers", "--json", "oci:layout:new"))
        #expect(
            try bench.cimg("diff", "--format", "json", "oci:layout:old", "oci:layout:new")
                == bench.cimg("diff", "--json", "oci:layout:old", "oci:layout:new"))
    }
}
