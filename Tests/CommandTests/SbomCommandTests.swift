// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `cimg sbom`: documents that are judged by their fields; that the official validators take them is tried by hand.
struct SbomCommandTests {
    private static func bench() throws -> Workbench {
        let bench = Workbench()
        let base = LayerBuilder(.gzip) {
            $0.file("etc/os-release", "ID=alpine\nVERSION_ID=3.20.3\nPRETTY_NAME=\"Alpine Linux v3.20\"\n")
            $0.file(
                "lib/apk/db/installed",
                "P:musl\nV:1.2.5-r0\nA:x86_64\nL:MIT\nm:A <a@b>\n\n"
                    + "P:lib c\nV:2-r1\nA:x86_64\no:src\nL:GPL-2.0-or-later AND (mit OR own)\n\n"
                    + "P:both\nV:3\nL:BSD-2-Clause OR MIT\n\n")
        }
        let upper = LayerBuilder(.gzip) {
            for place in ["a", "b"] {
                $0.file(
                    "srv/\(place)/node_modules/@s/left/package.json",
                    #"{"name":"@s/left","version":"1.3.0","license":"WTFPL"}"#)
            }
        }
        OCILayoutBuilder {
            $0.image(ImageBuilder([base, upper], created: "2025-01-02T03:04:05.6Z"), tag: "i")
            $0.image(
                ImageBuilder([LayerBuilder(.gzip) { $0.file("lib/apk/db/installed", "P:broken\n\n") }]), tag: "damaged")
        }.write(to: bench.scratch)
        return bench
    }

    private func query(_ bench: Workbench, _ format: String, _ filter: String) throws -> String {
        try bench.shell("cimg sbom --format \(format) oci:layout:i | jq -c '\(filter)'").output
    }

    @Test func `CycloneDX names each package once, with licences as the list of SPDX has them`() throws {
        let bench = try Self.bench()
        #expect(
            try query(bench, "cyclonedx", "[.bomFormat, .specVersion, .metadata.timestamp, (.components | length)]")
                == #"["CycloneDX","1.6","2025-01-02T03:04:05Z",6]"# + "\n")
        #expect(
            try query(bench, "cyclonedx", "[.components[] | .purl // .name]") == """
                ["alpine","pkg:apk/alpine/both@3?distro=alpine-3.20.3",\
                "pkg:apk/alpine/lib%20c@2-r1?arch=x86_64&distro=alpine-3.20.3&upstream=src",\
                "pkg:apk/alpine/musl@1.2.5-r0?arch=x86_64&distro=alpine-3.20.3",\
                "pkg:npm/%40s/left@1.3.0","pkg:npm/%40s/left@1.3.0"]

                """)
        #expect(
            try query(bench, "cyclonedx", "[.components[] | .licenses] | map(select(.))") == """
                [[{"expression":"BSD-2-Clause OR MIT"}],[{"license":{"name":"GPL-2.0-or-later AND (mit OR own)"}}],\
                [{"license":{"id":"MIT"}}],[{"license":{"id":"WTFPL"}}],[{"license":{"id":"WTFPL"}}]]

                """)
        // References are different from each other, and all that depend on something are there.
        #expect(
            try query(
                bench, "cyclonedx",
                #"[.components[]."bom-ref"] as $all | [($all | unique | length), (.dependencies[0].dependsOn == $all)]"#
            )
                == "[6,true]\n")
        #expect(
            try query(bench, "cyclonedx", #".components[4].properties | from_entries | ."cimg:layer""#) == "\"1\"\n")
    }

    @Test func `SPDX declares licences that are not on the list under names of its own`() throws {
        let bench = try Self.bench()
        #expect(
            try query(
                bench, "spdx", "[.spdxVersion, .creationInfo.created, (.packages | length), (.relationships | length)]")
                == #"["SPDX-2.3","2025-01-02T03:04:05Z",7,7]"# + "\n")
        #expect(
            try query(bench, "spdx", "[.packages[2:][] | .licenseDeclared]")
                == #"["BSD-2-Clause OR MIT","LicenseRef-1","MIT","WTFPL","WTFPL"]"# + "\n")
        #expect(
            try query(bench, "spdx", ".hasExtractedLicensingInfos")
                == #"[{"licenseId":"LicenseRef-1","extractedText":"GPL-2.0-or-later AND (mit OR own)"}]"# + "\n")
        #expect(
            try query(bench, "spdx", ".packages[3] | [.sourceInfo, .externalRefs[0].referenceLocator]")
                == "[\"built from src 2-r1\",\"pkg:apk/alpine/lib%20c@2-r1?arch=x86_64&distro=alpine-3.20.3"
                + "&upstream=src\"]\n")
    }

    @Test func `the JSON of syft and trivy has their names of types and groups`() throws {
        let bench = try Self.bench()
        #expect(
            try query(bench, "syft-json", "[.artifacts[] | [.type, .name, .language]] | unique")
                == #"[["apk","both",""],["apk","lib c",""],["apk","musl",""],["npm","@s/left","javascript"]]"# + "\n")
        #expect(
            try query(bench, "trivy-json", "[.Results[] | [.Target, .Class, .Type, (.Packages | length)]]") == """
                [["oci:layout:i (alpine 3.20.3)","os-pkgs","alpine",3],["Node.js","lang-pkgs","node-pkg",2]]

                """)
        #expect(
            try query(
                bench, "trivy-json", "[.SchemaVersion, .ArtifactType, .Metadata.OS.Name, .Results[0].Packages[1].ID]")
                == #"[2,"container_image","3.20.3","lib c@2-r1"]"# + "\n")
    }

    @Test func `the same object gives the same bytes, and a builder's time is taken`() throws {
        let bench = try Self.bench()
        for format in ["cyclonedx", "spdx", "syft-json", "trivy-json"] {
            let first = try bench.cimg("sbom", "--format", format, "oci:layout:i")
            #expect(first.code == 0)
            try expect(bench.cimg("sbom", "--format", format, "-o", "file", "oci:layout:i"), is: .success())
            #expect(try bench.shell("cat file").output == first.output)
        }
        bench.environment["SOURCE_DATE_EPOCH"] = "86461"
        #expect(try query(bench, "cyclonedx", ".metadata.timestamp") == "\"1970-01-02T00:01:01Z\"\n")
        bench.environment["SOURCE_DATE_EPOCH"] = "soon"
        try expect(
            bench.cimg("sbom", "oci:layout:i"),
            is: .trouble("SOURCE_DATE_EPOCH: \"soon\" is no count of seconds since 1970"))
    }

    @Test func `what is damaged is told beside the document, and what cannot be written is trouble`() throws {
        let bench = try Self.bench()
        let damaged = try bench.cimg("sbom", "oci:layout:damaged")
        #expect(damaged.code == 2)
        #expect(damaged.output.contains("\"bomFormat\": \"CycloneDX\""))
        #expect(
            damaged.errors
                == "cimg: oci:layout:damaged: \"/lib/apk/db/installed\": apk database: stanza 1: has no version\n")
        try expect(
            bench.cimg("sbom", "-o", "no/file", "oci:layout:i"),
            is: .trouble("\"no/file\": cannot be written: No such file or directory"))
        #expect(try bench.cimg("sbom", "--format", "odt", "oci:layout:i").code == 2)
        #expect(try bench.cimg("sbom", "missing").code == 2)
    }
}
