// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packages

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What the distributions' records say.
@Suite(.timeLimit(.minutes(15))) struct SystemRecordTests {
    @Test func `dpkg's packages have their sources, and what was removed is none`() {
        let list = DpkgStatus.read(
            Array(
                """
                Package: libc6
                Status: install ok installed
                Maintainer: GNU Libc Maintainers <debian-glibc@lists.debian.org>
                Architecture: amd64
                Multi-Arch: same
                Source: glibc
                Version: 2.36-9+deb12u4
                Description: GNU C Library
                 Package: not this
                 Version: nor this

                Package: gone
                Status: deinstall ok config-files
                Version: 1

                package: libgcc-s1
                status: install ok triggers-pending
                architecture: i386
                source: gcc-12 (12.2.0-14)
                version: 12.2.0-14+b1

                Package: base-files
                Version: 12.4
                """.utf8))
        #expect(list.problems.isEmpty)
        let packages = list.records.map(\.package)
        #expect(packages.map { text($0.name) } == ["libc6", "libgcc-s1", "base-files"])
        #expect(packages.map { text($0.version) } == ["2.36-9+deb12u4", "12.2.0-14+b1", "12.4"])
        #expect(packages.map { text($0.architecture) } == ["amd64", "i386", ""])
        #expect(packages.map { text($0.sourceName) } == ["glibc", "gcc-12", "base-files"])
        #expect(packages.map { text($0.sourceVersion) } == ["2.36-9+deb12u4", "12.2.0-14", "12.4"])
    }

    @Test func `a stanza without a version is told, and the others stand`() {
        let list = DpkgStatus.read(Array("Package: a\n\nPackage: b\nVersion: 2\n".utf8))
        #expect(list.records.map { text($0.package.name) } == ["b"])
        #expect(list.problems.map(\.description) == ["dpkg status: stanza 1: has no Version"])
    }

    @Test func `dpkg's lists and digests are absolute paths`() throws {
        #expect(
            try DpkgStatus.paths(Array("/.\n/bin\n/bin/a b\n".utf8)).map { text($0.path) } == ["/", "/bin", "/bin/a b"])
        let digests = try DpkgStatus.digests(Array("d41d8cd98f00b204e9800998ecf8427e  usr/bin/x\n".utf8))
        #expect(digests.map { text($0.path) } == ["/usr/bin/x"])
        #expect(digests[0].checksum?.bytes.prefix(2) == [0xD4, 0x1D])
        #expect(throws: RecordError.self) { try DpkgStatus.digests(Array("d41d8cd9  usr/bin/x\n".utf8)) }
    }

    @Test func `apk's packages have their origin, licence and files`() {
        let list = APKInstalled.read(
            Array(
                """
                C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=
                P:busybox-binsh
                V:1.36.1-r15
                A:x86_64
                L:GPL-2.0-only
                o:busybox
                F:bin
                M:0:0:755
                R:sh
                a:0:0:777
                Z:Q1pcfTfDNEbNKQc2s1tia7da05M8Q=
                F:
                R:top

                P:musl
                V:1.2.4-r2
                A:x86_64
                L:MIT
                o:musl

                """.utf8), files: true)
        #expect(list.problems.isEmpty)
        #expect(list.records.map { text($0.package.name) } == ["busybox-binsh", "musl"])
        #expect(list.records.map { $0.package.source.map { text($0.name) } } == ["busybox", nil])
        #expect(list.records[0].package.licences.map(text) == ["GPL-2.0-only"])
        #expect(list.records[0].files.map { text($0.path) } == ["/bin/sh", "/top"])
        #expect(list.records[0].files[0].checksum?.algorithm == "sha1")
        #expect(list.records[0].files[1].checksum == nil)
    }

    @Test func `pacman's record has values by section`() throws {
        let package = try AlpmRecord.package(
            Array(
                "%NAME%\nzlib\n\n%VERSION%\n1:1.3.1-2\n\n%BASE%\nzlib\n\n%ARCH%\nx86_64\n\n%LICENSE%\nZlib\nMIT\n".utf8)
        )
        #expect(text(package.version) == "1:1.3.1-2")
        #expect(package.source == nil)
        #expect(package.licences.map(text) == ["Zlib", "MIT"])
        let files = try AlpmRecord.files(Array("%FILES%\nusr/\nusr/lib/libz.so\netc/z\n\n%BACKUP%\netc/z\tabc\n".utf8))
        #expect(files.map { text($0.path) } == ["/usr/lib/libz.so", "/etc/z"])
        #expect(files.map(\.isConfiguration) == [false, true])
    }

    @Test func `os-release is read with its quotation marks, the last line counting`() {
        let release = OSRelease(
            Array("# c\nID=x\nID=\"debian\"\nVERSION_ID='12'\nPRETTY_NAME=\"De\\\"b\"\nID_LIKE=\"a b\"\n".utf8))
        #expect(text(release.id) == "debian")
        #expect(text(release.versionID) == "12")
        #expect(text(release.prettyName) == "De\"b")
        #expect(release.idLike.map(text) == ["a", "b"])
    }
}
