// SPDX-License-Identifier: Apache-2.0

import OCI
import Testing

private let digest = "sha256:" + String(repeating: "0", count: 64)

@Suite(.timeLimit(.minutes(15))) struct ReferenceTests {
    @Test(arguments: [
        ("busybox", "docker.io/library/busybox"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("index.docker.io/busybox", "docker.io/library/busybox"),
        ("user/name", "docker.io/user/name"),
        ("localhost/name", "localhost/name"),
        ("localhost:5000/a/b:t", "localhost:5000/a/b:t"),
        ("quay.io/a/b-c_d__e.f/g", "quay.io/a/b-c_d__e.f/g"),
        ("Host/name", "Host/name"),
        ("[::1]:5000/name:x", "[::1]:5000/name:x"),
        ("name@" + digest, "docker.io/library/name@" + digest),
        ("a.b/name:tag@" + digest, "a.b/name:tag@" + digest),
        ("a---b:_X.y-1", "docker.io/library/a---b:_X.y-1"),
    ])
    func `a name is completed as Docker completes it`(text: String, expected: String) throws {
        #expect(try Reference(parsing: text).description == expected)
    }

    @Test(arguments: [
        ("", "is not valid"),
        (":tag", "is not valid"),
        ("a//b", "is not valid"),
        ("a/", "is not valid"),
        ("-a", "is not valid"),
        ("a..b", "is not valid"),
        ("a___b", "is not valid"),
        ("../etc/passwd", "registry \"..\" is no host name"),
        ("UPPER", "must be lower-case"),
        ("a:", "tag \"\" has characters that tags cannot have"),
        ("a:-x", "tag \"-x\" has characters that tags cannot have"),
        ("a@sha256:0", "digest is not 64 lower-case hexadecimal digits"),
        ("a@md5:0", "digest is not a sha256 digest"),
        ("h.x:0/a", "registry \"h.x:0\" is no host name"),
        ("h.x:99999/a", "registry \"h.x:99999\" is no host name"),
        (String(repeating: "ab", count: 32), "is 64 hexadecimal digits, which could be a digest"),
        ("x.y/" + String(repeating: "a", count: 256), "is longer than 255 characters"),
    ])
    func `what is no name is refused`(text: String, cause: String) {
        let object = "image name \"\(text.count > 200 ? text.prefix(200) + "…" : text[...])\""
        #expect(throws: FormatError(object, cause)) { try Reference(parsing: text) }
    }

    @Test func `the tag latest stands for no tag and no digest`() throws {
        #expect(try Reference(parsing: "a").withDefaultTag.tag == "latest")
        #expect(try Reference(parsing: "a:b").withDefaultTag.tag == "b")
        #expect(try Reference(parsing: "a@" + digest).withDefaultTag.tag == nil)
    }
}
