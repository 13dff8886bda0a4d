// SPDX-License-Identifier: Apache-2.0

import Packages
import TestSupport
import Testing

@testable import Advisories

/// Which advisories of distributions apply, each by its own rules.
struct SystemMatchingTests {
    private typealias Sample = SampleDatabase

    @Test func `Alpine judges origins, by its own order of versions`() throws {
        let database = try Sample.database([
            "alpine 3.20": Sample.advisories(
                "openssl",
                [
                    "CVE-1": #"{"FixedVersion":"3.3.2-r1"}"#, "CVE-2": #"{"FixedVersion":"3.3.2-r0"}"#,
                    "CVE-3": #"{"FixedVersion":"0"}"#, "CVE-4": #"{"FixedVersion":"3.3.3_p1-r0"}"#,
                    "CVE-5": #"{"FixedVersion":"9-r0","AffectedVersion":"4-r0"}"#,
                    "CVE-6": #"{"AffectedVersion":"3-r0"}"#,
                ])
        ])
        let package = Sample.package(.apk, "libcrypto3", "3.3.2-r0", source: ("openssl", "3.3.2-r0"))
        let release = "ID=alpine\nVERSION_ID=3.20.3\n"
        #expect(
            try Sample.findings(database, release, package) == [
                "CVE-1 3.3.2-r0 -> 3.3.2-r1 fixed UNKNOWN", "CVE-4 3.3.2-r0 -> 3.3.3_p1-r0 fixed UNKNOWN",
                "CVE-6 3.3.2-r0 ->  affected UNKNOWN",
            ])
        #expect(try Sample.findings(database, release, Sample.package(.apk, "libcrypto3", "3.3.2-r0")).isEmpty)
        let virtual = Sample.package(.apk, ".build", "1", source: ("openssl", "1"))
        #expect(try Sample.findings(database, release, virtual).isEmpty)
        #expect(
            try Sample.findings(database, "ID=alpine\nVERSION_ID=3.21.0\n", package) == ["missing(\"alpine 3.21\")"])
    }

    @Test func `Debian judges source versions, tells what has no fix, and has severities of its own`() throws {
        let database = try Sample.database([
            "debian 12": Sample.advisories(
                "glibc",
                [
                    "CVE-1": #"{"FixedVersion":"2.36-9+deb12u9","Severity":1.0}"#,
                    "CVE-2": #"{"FixedVersion":"2.36-9"}"#, "CVE-3": #"{"Status":5,"Severity":3}"#,
                    "CVE-4": "null",
                ])
        ])
        let package = Sample.package(.deb, "libc6", "2.36-9+deb12u8+b1", source: ("glibc", "2.36-9+deb12u8"))
        #expect(
            try Sample.findings(database, "ID=debian\nVERSION_ID=\"12\"\n", package) == [
                "CVE-1 2.36-9+deb12u8+b1 -> 2.36-9+deb12u9 fixed LOW",
                "CVE-3 2.36-9+deb12u8+b1 ->  will_not_fix HIGH", "CVE-4 2.36-9+deb12u8+b1 ->  affected UNKNOWN",
            ])
        let foreign = Sample.package(
            .deb, "libc6", "1", source: ("glibc", "1"), supplier: "Docker <support@docker.com>")
        #expect(try Sample.findings(database, "ID=debian\nVERSION_ID=12\n", foreign).isEmpty)
        #expect(
            try Sample.findings(database, "ID=linuxmint\nID_LIKE=debian\nVERSION_ID=21\n", package)
                == ["uncollected(\"linuxmint 21\")"])
    }

    @Test func `Red Hat's advisories count for the products that a tree is made of`() throws {
        let entries = """
            {"Entries":[{"FixedVersion":"1:2-5.el8","Affected":[1],"Cves":[{"ID":"CVE-1","Severity":3}],"Arches":["x86_64"]},\
            {"FixedVersion":"1:2-9.el8","Affected":[2],"Cves":[{"ID":"CVE-2","Severity":4}]},\
            {"FixedVersion":"1:2-6.el8","Affected":[1],"Cves":[{"ID":"CVE-3"}],"Arches":["s390x"]}]}
            """
        let other = #"{"Entries":[{"FixedVersion":"1:2-7.el8","Affected":[1],"Cves":[{"ID":"CVE-1","Severity":2}]}]}"#
        let unfixed = #"{"Entries":[{"Affected":[1],"Cves":[{"Severity":1}],"Status":6}]}"#
        let database = try Sample.database([
            "Red Hat": .bucket([
                "bash": .bucket(["RHSA-1": .text(entries), "RHSA-2": .text(other), "CVE-9": .text(unfixed)]),
                "nodejs:12::npm": .bucket(["CVE-5": .text(unfixed)]),
            ]),
            "Red Hat CPE": .bucket([
                "repository": .bucket([
                    "rhel-8-for-x86_64-baseos-rpms": .text("[1.0]"), "other-rpms": .text("[2]"),
                ])
            ]),
        ])
        let release = "ID=rhel\nVERSION_ID=\"8.4\"\n"
        let bash = Sample.package(.rpm, "bash", "1:2-4.el8", supplier: "Red Hat, Inc.")
        #expect(
            try Sample.findings(database, release, bash)
                == ["CVE-1 1:2-4.el8 -> 1:2-7.el8 fixed MEDIUM", "CVE-9 1:2-4.el8 ->  fix_deferred LOW"])
        #expect(
            try Sample.findings(database, release, bash, content: ["other-rpms__8"])
                == ["CVE-2 1:2-4.el8 -> 1:2-9.el8 fixed CRITICAL"])
        let npm = Sample.package(.rpm, "npm", "6-1.module+el8", modularity: "nodejs:12:80:22")
        #expect(try Sample.findings(database, release, npm) == ["CVE-5 6-1.module+el8 ->  fix_deferred LOW"])
        #expect(try Sample.findings(database, release, Sample.package(.rpm, "npm", "6-1")).isEmpty)
        let foreign = Sample.package(.rpm, "bash", "1:2-4.el8", supplier: "Somebody")
        #expect(try Sample.findings(database, release, foreign).isEmpty)
    }

    @Test func `Rocky's and Oracle's advisories are for machines and flavors`() throws {
        let advisory = """
            {"FixedVersion":"9-9","Entries":[{"FixedVersion":"2-2.el8","Arches":["aarch64"]},\
            {"FixedVersion":"0:2-1.el8","Arches":["x86_64"],"VendorIds":["V-1"]}]}
            """
        let flavored = """
            {"Entries":[{"FixedVersion":"2-3.ksplice1.el8","Arches":["x86_64"]},\
            {"FixedVersion":"2-2.el8","Arches":["x86_64"]}]}
            """
        let database = try Sample.database([
            "rocky 8": Sample.advisories("bash", ["CVE-1": advisory, "CVE-2": #"{"FixedVersion":"3-1"}"#]),
            "Oracle Linux 8": Sample.advisories("glibc", ["CVE-1": flavored]),
        ])
        let rocky = "ID=rocky\nVERSION_ID=8.9\n"
        #expect(
            try Sample.findings(database, rocky, Sample.package(.rpm, "bash", "2-0.el8"))
                == ["CVE-1 2-0.el8 -> 2-1.el8 fixed UNKNOWN", "CVE-2 2-0.el8 -> 3-1 fixed UNKNOWN"])
        #expect(
            try Sample.findings(database, rocky, Sample.package(.rpm, "bash", "2-0.el8", architecture: "ppc64le"))
                == ["CVE-2 2-0.el8 -> 3-1 fixed UNKNOWN"])
        let oracle = "ID=ol\nVERSION_ID=8.5\n"
        #expect(
            try Sample.findings(database, oracle, Sample.package(.rpm, "glibc", "2-1.el8"))
                == ["CVE-1 2-1.el8 -> 2-2.el8 fixed UNKNOWN"])
        #expect(
            try Sample.findings(database, oracle, Sample.package(.rpm, "glibc", "2-2.ksplice1.el8"))
                == ["CVE-1 2-2.ksplice1.el8 -> 2-3.ksplice1.el8 fixed UNKNOWN"])
    }

    @Test func `other distributions are found under their names`() throws {
        let buckets = [
            "amazon linux 2", "amazon linux 1", "Photon OS 3.0", "CBL-Mariner 2.0", "Azure Linux 3.0",
            "openSUSE Leap 15.1", "openSUSE Tumbleweed", "SUSE Linux Enterprise 15.3", "wolfi", "ubuntu 22.04",
            "ubuntu 18.04-ESM", "alma 9",
        ]
        let database = try Sample.database(
            Dictionary(
                uniqueKeysWithValues: buckets.map {
                    ($0, Sample.advisories("x", ["CVE-1": #"{"FixedVersion":"2"}"#]))
                }))
        let esm = #"{"services":[{"name":"esm-infra","status":"enabled"}]}"#
        for (release, files) in [
            ("ID=amzn\nVERSION_ID=2\n", [:]), ("ID=amzn\nVERSION_ID=2018.03\n", [:]),
            ("ID=photon\nVERSION_ID=3.0\n", [:]), ("ID=mariner\nVERSION_ID=\"2.0.20240123\"\n", [:]),
            ("ID=azurelinux\nVERSION_ID=\"3.0\"\n", [:]), ("ID=\"opensuse-leap\"\nVERSION_ID=\"15.1\"\n", [:]),
            ("ID=opensuse-tumbleweed\nVERSION_ID=20260101\n", [:]), ("ID=sles\nVERSION_ID=15.3\n", [:]),
            ("ID=wolfi\nVERSION_ID=20230201\n", [:]), ("ID=ubuntu\nVERSION_ID=22.04\n", [:]),
            ("ID=ubuntu\nVERSION_ID=18.04\n", ["/var/lib/ubuntu-advantage/status.json": esm]),
            ("ID=almalinux\nVERSION_ID=9.3\n", [:]),
        ] {
            let distribution = Sample.distribution(release, files: files)
            let (matching, judgement) = try SystemMatching.make(database, distribution, content: RedHatContent())
            #expect(judgement == .judged, "\(release)")
            let kind: PackageKind = release.contains("ubuntu") ? .deb : release.contains("wolfi") ? .apk : .rpm
            #expect(try matching?.findings(Sample.package(kind, "x", "1")).map(\.id) == ["CVE-1"], "\(release)")
            #expect(try matching?.findings(Sample.package(kind, "x", "2")).isEmpty == true, "\(release)")
        }
        #expect(try SystemMatching.make(database, nil, content: RedHatContent()).1 == .nameless)
        for release in ["ID=fedora\nVERSION_ID=39\n", "ID=arch\n", "ID=centos\nNAME=\"CentOS Stream\"\nVERSION_ID=9\n"]
        {
            let judgement = try SystemMatching.make(
                database, Sample.distribution(release), content: RedHatContent()
            ).1
            guard case .uncollected = judgement else {
                Issue.record("\(release): \(judgement)")
                continue
            }
        }
    }

    @Test func `more exact files than os-release count`() {
        #expect(
            Sample.distribution("ID=debian\nVERSION_ID=12\n", files: ["/etc/debian_version": "12.5\n"])?.version
                == "12.5")
        #expect(
            Sample.distribution("ID=debian\nVERSION_ID=12\n", files: ["/etc/debian_version": "trixie/sid\n"])?.version
                == "12")
        #expect(
            Sample.distribution(
                "ID=alpine\nVERSION_ID=3.17.2\n",
                files: ["/etc/apk/repositories": "#x\nhttps://dl-cdn.alpinelinux.org/alpine/edge/main\n"])?.bucket
                == "alpine edge")
        #expect(
            Sample.distribution(
                "ID=alpine\nVERSION_ID=3.17.2\n",
                files: ["/etc/apk/repositories": "https://dl-cdn.alpinelinux.org/alpine/v3.18/main\n"])?.bucket
                == "alpine 3.18")
        let old = Distribution(nil, files: ["/etc/alpine-release": Array("3.10.2\n".utf8)])
        #expect(old?.bucket == "alpine 3.10")
        let centos = Distribution(
            nil, files: ["/etc/centos-release": Array("CentOS Linux release 7.9.2009 (Core)\n".utf8)])
        #expect(centos?.version == "7.9.2009")
        #expect(Distribution(nil, files: [:]) == nil)
    }
}
