// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packages

/// Names of packages for other tools.
struct PackageNameTests {
    private func url(
        _ kind: PackageKind, _ name: String, _ version: String, group: String = "", architecture: String = "",
        distribution: String? = nil
    ) -> String {
        var package = Package(kind, name: Array(name.utf8), version: Array(version.utf8))
        package.group = Array(group.utf8)
        package.architecture = Array(architecture.utf8)
        return "\(PackageURL(package, distribution: distribution.map { OSRelease(Array($0.utf8)) }))"
    }

    @Test func `each kind has its own form`() {
        let debian = "ID=debian\nVERSION_ID=12\n"
        #expect(
            url(.deb, "libc++1", "1:14.0-1+b1", architecture: "amd64", distribution: debian)
                == "pkg:deb/debian/libc%2B%2B1@1:14.0-1%2Bb1?arch=amd64&distro=debian-12")
        #expect(
            url(.rpm, "bash", "1:4.2-3.el7", architecture: "x86_64", distribution: "ID=rhel\nVERSION_ID=7.7\n")
                == "pkg:rpm/rhel/bash@4.2-3.el7?arch=x86_64&distro=rhel-7.7&epoch=1")
        #expect(url(.apk, "musl", "1.2-r0") == "pkg:apk/musl@1.2-r0")
        #expect(url(.python, "Zope._Interface", "5") == "pkg:pypi/zope-interface@5")
        #expect(url(.npm, "@a/b", "1") == "pkg:npm/%40a/b@1")
        #expect(url(.goModule, "github.com/A/b/v2", "v2.0.0") == "pkg:golang/github.com/a/b/v2@v2.0.0")
        #expect(url(.java, "core", "2.1", group: "org.x") == "pkg:maven/org.x/core@2.1")
        #expect(url(.composer, "Symfony/Yaml", "6") == "pkg:composer/symfony/yaml@6")
    }

    @Test func `a name is read as it is written, and covers those that tell more`() throws {
        let text = "pkg:deb/debian/libc%2B%2B1@1:14.0-1%2Bb1?arch=amd64&distro=debian-12"
        let url = try #require(PackageURL(parsing: Array(text.utf8)))
        #expect("\(url)" == text)
        #expect(url.name == Array("libc++1".utf8))
        func covers(_ statement: String) throws -> Bool {
            try #require(PackageURL(parsing: Array(statement.utf8))).covers(url)
        }
        #expect(try covers("pkg:deb/debian/libc++1"))
        #expect(try covers("pkg:deb/debian/libc++1@1:14.0-1%2Bb1?arch=amd64"))
        #expect(try !covers("pkg:deb/debian/libc++1@1:14.0-1"))
        #expect(try !covers("pkg:deb/debian/libc++1?arch=arm64"))
        #expect(try !covers("pkg:deb/ubuntu/libc++1"))
        for text in ["", "pkg:", "pkg:deb", "deb/x", "pkg:/x", "pkg:deb/"] {
            #expect(PackageURL(parsing: Array(text.utf8)) == nil, "\(text)")
        }
    }
}
