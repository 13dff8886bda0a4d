// SPDX-License-Identifier: Apache-2.0

import OCI
import TestSupport
import Testing
import Web

@testable import Registry

/// Where a list that comes in pages goes on.
@Suite(.timeLimit(.minutes(15))) struct LinkFieldTests {
    private static let readable: [(fields: [String], next: String?)] = [
        ([], nil), ([""], nil), ([" , ,"], nil),
        ([#"</a?last=b>; rel="next""#], "/a?last=b"), (["</a>;rel=next"], "/a"), (["</a> ; REL = NEXT"], "/a"),
        ([#"</x>; rel="prev", </a>; rel="next""#], "/a"), ([#"</a>; rel="next", </x>; rel="prev""#], "/a"),
        ([#"</x>; rel="prev""#, #"</a>; rel="next""#], "/a"), ([#"</a>; rel="last next""#], "/a"),
        ([#"</a,b;c>; title="x, </y>; rel=\"next\""; rel=next"#], "/a,b;c"),
        ([#"</x>; title="</a>; rel=next""#], nil), ([#"</x>; rel="nextish""#], nil), (["</x>"], nil),
        ([#"</x>; rel="prev"; rel="next""#], nil), (["</x>; rel=next;"], "/x"), (["</x>; ;rel=next"], "/x"),
        ([#"/a?last=b; rel="next""#], "/a?last=b"), ([#"/x; rel="prev", /a; rel="next""#], "/a"),
        (["</a>; rel=next; anchor"], "/a"),
    ]

    @Test(arguments: readable.indices)
    func `the link whose own relation is next counts`(_ index: Int) throws {
        let (fields, next) = Self.readable[index]
        #expect(try LinkField.next(in: fields) == next, "\(fields)")
    }

    @Test(arguments: [
        "</a", "/a", "</a> rel=next", #"</a>; rel="next"#, #"</a>; rel="next\"#, "</x>; rel=prev </a>; rel=next",
        #"</x>; rel=prev; "a""#,
    ])
    func `a field that cannot be read is an error`(_ field: String) {
        #expect(throws: LinkFieldError()) { try LinkField.next(in: [field]) }
    }

    @Test func `a field is bounded`() throws {
        let target = "/" + String(repeating: "a", count: LinkField.byteLimit - 13)
        #expect(try LinkField.next(in: ["<\(target)>; rel=next"]) == target)
        #expect(throws: LinkFieldError()) { try LinkField.next(in: ["<\(target)a>; rel=next"]) }
    }

    @Test func `a list whose rest cannot be found is no list`() throws {
        let registry = FakeRegistry()
        registry.intercept { request in
            guard request.path.hasSuffix("tags/list") else { return nil }
            var answer = LoopbackServer.Answer.json(200, ["tags": ["a"]])
            answer.headers.append(("Link", "</v2/app/tags/list?last=a; rel=\"next\""))
            return answer
        }
        let repository = try PullFixture().client.repository(Reference(parsing: "\(registry.host)/app"))
        let error = #expect(throws: RegistryError.self) { try repository.tags() }
        #expect(
            error?.reason
                == "\(registry.host) sent a part of a list, and a Link field that does not tell where the rest is")
        registry.intercept { request in
            guard request.path.hasSuffix("tags/list") else { return nil }
            var answer = LoopbackServer.Answer.json(200, ["tags": ["a"]])
            answer.headers.append(("Link", "<ftp://elsewhere/>; rel=\"next\""))
            return answer
        }
        let other = #expect(throws: RegistryError.self) { try repository.tags() }
        #expect(other?.reason == "\(registry.host) says that its list goes on at ftp://elsewhere/")
    }
}
