// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages
import Testing

@testable import Bills

/// What is read of bills of materials, by whichever tool, and what is not.
@Suite(.timeLimit(.minutes(15))) struct BillDocumentTests {
    private func document(_ text: String) throws(BillError) -> BillDocument {
        try BillDocument(Array(text.utf8), name: "bom.json")
    }

    private func cyclonedx(_ components: String) throws(BillError) -> BillDocument {
        try document("{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.6\",\"components\":[\(components)]}")
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    /// A line for each package: kind, group, name, version, machine, and where it has one, its source.
    private func lines(_ document: BillDocument) -> [String] {
        document.packages.map { billed in
            let package = billed.package
            let parts = [package.group, package.name, package.version, package.architecture].filter { !$0.isEmpty }
            let source = package.source.map { " from \(text($0.name) ?? "") \(text($0.version) ?? "")" } ?? ""
            return package.kind.rawValue + " " + parts.compactMap(text).joined(separator: " ") + source
        }
    }

    @Test func `packages of every type of URL are read`() throws {
        let urls = [
            "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
            "pkg:rpm/redhat/bash@4.2-33.el7?arch=x86_64&epoch=1",
            "pkg:apk/alpine/musl@1.2-r0?arch=x86_64", "pkg:alpm/arch/pacman@6.0-1?arch=x86_64",
            "pkg:pypi/requests@2.31",
            "pkg:npm/%40babel/core@7.0.0", "pkg:npm/left-pad@1.3.0", "pkg:gem/rake@13.0",
            "pkg:golang/github.com/a/b@v1.0.0",
            "pkg:cargo/serde@1.0.1", "pkg:maven/org.apache/log4j@2.17", "pkg:composer/vendor/name@1.0",
            "pkg:nuget/Some@1.0.0",
            "pkg:conda/numpy@1.0",
        ]
        let found = try cyclonedx(
            urls.map { "{\"type\":\"library\",\"name\":\"x\",\"purl\":\"\($0)\"}" }.joined(separator: ","))
        #expect(
            lines(found) == [
                "deb libc6 2.36-9 amd64", "rpm bash 1:4.2-33.el7 x86_64", "apk musl 1.2-r0 x86_64",
                "alpm pacman 6.0-1 x86_64",
                "python requests 2.31", "npm @babel/core 7.0.0", "npm left-pad 1.3.0", "gem rake 13.0",
                "go github.com/a/b v1.0.0", "cargo serde 1.0.1", "maven org.apache log4j 2.17",
                "composer vendor/name 1.0",
                "nuget Some 1.0.0", "conda numpy 1.0",
            ])
        // The first package of a system says which it is, where nothing else does.
        #expect(text(found.distribution?.id) == "debian" && text(found.distribution?.versionID) == "12")
        #expect(found.unnamedCount == 0 && found.unknownTypes.isEmpty)
    }

    @Test func `sources are found where tools write them`() throws {
        func component(_ url: String, _ properties: [String: String] = [:]) -> String {
            let list = properties.map { "{\"name\":\"\($0.key)\",\"value\":\"\($0.value)\"}" }.joined(separator: ",")
            return "{\"type\":\"library\",\"purl\":\"\(url)\",\"properties\":[\(list)]}"
        }
        let found = try cyclonedx(
            [
                component("pkg:deb/debian/libssl3@3.0.1-1?upstream=openssl%403.0.1-0"),
                component("pkg:deb/debian/libssl3@3.0.1-1?upstream=openssl"),
                component("pkg:rpm/rhel/openssl-libs@3.0-1?upstream=openssl-3.0-1.src.rpm"),
                component(
                    "pkg:deb/debian/libssl3@3.0.1-1",
                    [
                        "aquasecurity:trivy:SrcName": "openssl", "aquasecurity:trivy:SrcVersion": "3.0.1",
                        "aquasecurity:trivy:SrcRelease": "1", "aquasecurity:trivy:SrcEpoch": "2",
                        "aquasecurity:trivy:FilePath": "var/lib/dpkg/status",
                    ]),
                component("pkg:apk/alpine/libssl3@3.1-r0", ["syft:metadata:originPackage": "openssl"]),
                component("pkg:rpm/rhel/libs@3.0-1", ["syft:metadata:sourceRpm": "openssl-3.0-1.src.rpm"]),
                component(
                    "pkg:apk/alpine/a@1",
                    [
                        "cimg:source": "b", "cimg:source:version": "2", "cimg:record": "/r", "cimg:owner": "o",
                        "cimg:layer": "3", "cimg:layer:diff_id": "sha256:\(String(repeating: "ab", count: 32))",
                    ]),
                component("pkg:deb/debian/own@1?upstream=own"),
            ].joined(separator: ","))
        #expect(
            lines(found) == [
                "deb libssl3 3.0.1-1 from openssl 3.0.1-0", "deb libssl3 3.0.1-1 from openssl ",
                "rpm openssl-libs 3.0-1 from openssl 3.0-1", "deb libssl3 3.0.1-1 from openssl 2:3.0.1-1",
                "apk libssl3 3.1-r0 from openssl ", "rpm libs 3.0-1 from openssl 3.0-1", "apk a 1 from b 2",
                "deb own 1",
            ])
        #expect(text(found.packages[3].record) == "var/lib/dpkg/status")
        #expect(text(found.packages[6].owner) == "o" && found.packages[6].layer?.index == 3)
    }

    @Test func `SPDX is read, with what stands beside its packages`() throws {
        let digest = "sha256:\(String(repeating: "ab", count: 32))"
        let found = try document(
            """
            {"spdxVersion": "SPDX-2.3", "packages": [
              {"name": "object", "primaryPackagePurpose": "CONTAINER", "externalRefs": [
                {"referenceType": "purl", "referenceLocator": "pkg:oci/app@sha256%3A12"}]},
              {"name": "Alpine", "versionInfo": "3.20.3", "primaryPackagePurpose": "OPERATING-SYSTEM"},
              {"name": "libssl3", "primaryPackagePurpose": "LIBRARY", "sourceInfo": "built package from: openssl 3.3.2-r0",
               "comment": "record: /lib/apk/db/installed; layer 2: \(digest); owner: apk-tools", "externalRefs": [
                {"referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"},
                {"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/libssl3@3.3.2-r0?arch=x86_64"}]},
              {"name": "nameless", "primaryPackagePurpose": "LIBRARY"},
              {"name": "file", "primaryPackagePurpose": "FILE"},
              {"name": "thing", "externalRefs": [
                {"referenceType": "purl", "referenceLocator": "pkg:generic/thing@1"}]}]}
            """)
        #expect(found.form == .spdx)
        #expect(lines(found) == ["apk libssl3 3.3.2-r0 x86_64 from openssl 3.3.2-r0"])
        #expect(
            text(found.packages[0].record) == "/lib/apk/db/installed" && text(found.packages[0].owner) == "apk-tools")
        #expect(found.packages[0].layer?.index == 2)
        #expect(text(found.distribution?.id) == "alpine" && text(found.distribution?.versionID) == "3.20.3")
        #expect(found.unnamedCount == 1 && found.unknownTypes == ["generic": 1])
    }

    @Test func `components within components are read, files and the object are not`() throws {
        let found = try document(
            """
            {"bomFormat": "CycloneDX", "metadata": {"component": {"type": "container", "purl": "pkg:oci/a@1",
              "components": [{"type": "library", "purl": "pkg:gem/c@3"}]}},
             "components": [
              {"type": "operating-system", "name": "debian", "version": "12"},
              {"type": "file", "name": "/etc/passwd"}, {"type": "application", "name": "Node.js"},
              {"type": "library", "purl": "pkg:gem/a@1", "components": [{"type": "library", "purl": "pkg:gem/b@2"}]},
              {"type": "library", "name": "nobody"}, {"type": "library", "purl": "gem/a@1"}]}
            """)
        #expect(Set(lines(found)) == ["gem a 1", "gem b 2", "gem c 3"])
        #expect(found.unnamedCount == 2)
    }

    @Test(arguments: [
        ("", "bom.json"), ("{", "bom.json"), ("[]", "bom.json"), ("{}", "is no bill of materials"),
        (#"{"bomFormat":"Other"}"#, "is no bill of materials"), (#"{"spdxVersion":"SPDX-3.0"}"#, "is of SPDX-3.0"),
        (#"{"bomFormat":"CycloneDX","spdxVersion":"SPDX-2.3"}"#, "is no bill of materials"),
        (#"{"bomFormat":"CycloneDX","bomFormat":"CycloneDX"}"#, "twice"),
        (#"{"bomFormat":"CycloneDX","Components":[]}"#, "bom.json"),
        (#"{"bomFormat":"CycloneDX","components":{}}"#, "components"),
        (#"{"bomFormat":"CycloneDX","components":[{"purl":1}]}"#, "components"),
    ])
    func `what is no such document is refused by name`(_ json: String, _ cause: String) {
        let error = #expect(throws: BillError.self) { try document(json) }
        #expect(error?.description.hasPrefix("bom.json: ") == true)
        #expect(error?.description.contains(cause) == true, "\(error?.description ?? "")")
    }

    @Test func `depth and odd values have bounds`() throws {
        let deep = String(repeating: #"{"components":["#, count: 40) + String(repeating: "]}", count: 40)
        #expect(throws: BillError.self) { try cyclonedx(deep) }
        let odd = try cyclonedx(
            #"{"type":"library","purl":"pkg:deb/"},{"type":"library","purl":"pkg:deb/%ZZ@%00?upstream=@&arch=%FF"},"#
                + #"{"type":"library","purl":"pkg:apk/a@1","properties":[{"name":"cimg:layer","value":"-1"},{}]},"#
                + #"{"type":"library","purl":"pkg:rpm/a@1?upstream=-.src.rpm&epoch=x"},{"type":"operating-system"}"#)
        #expect(odd.packages.count == 3)
        #expect(odd.packages[1].layer == nil && odd.packages[2].package.source == nil)
        let types = (0..<500).map { "{\"purl\":\"pkg:t\($0)/x@1\"}" }.joined(separator: ",")
        #expect(try cyclonedx(types).unknownTypes.count == 100)
    }
}
