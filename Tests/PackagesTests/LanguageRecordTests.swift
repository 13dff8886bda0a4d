// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Packages

private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

/// What languages' own package managers leave.
@Suite(.timeLimit(.minutes(15))) struct LanguageRecordTests {
    @Test func `python's metadata ends at its first empty line`() throws {
        let package = try PythonMetadata.package(
            Array("Metadata-Version: 2.1\r\nName: Foo_Bar\r\nVersion: 1.0\r\nLicense: MIT\r\n\r\nName: body\r\n".utf8))
        #expect(text(package.name) == "Foo_Bar")
        #expect(text(package.version) == "1.0")
        #expect(package.licences.map(text) == ["MIT"])
        #expect(text(PythonMetadata.normalized(package.name)) == "foo-bar")
        let classified = try PythonMetadata.package(
            Array("Name: x\nLicense: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n".utf8))
        #expect(classified.licences.map(text) == ["MIT License"])
        #expect(throws: RecordError.self) { try PythonMetadata.package(Array("Version: 1\n".utf8)) }
    }

    @Test func `python's files have digests, and names with commas`() throws {
        let files = try PythonMetadata.files(
            Array("\"a,\"\"b.py\",sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\nx/RECORD,,\n".utf8))
        #expect(files.map { text($0.path) } == ["a,\"b.py", "x/RECORD"])
        #expect(files[0].checksum?.bytes.prefix(2) == [0xE3, 0xB0])
        #expect(files[1].checksum == nil)
    }

    @Test func `npm's licences are read in each of their forms`() throws {
        func package(_ json: String) throws -> Package? { try JSONManifest.npm(Array(json.utf8)) }
        let plain = try #require(try package(#"{"name":"@s/a","version":"1.0.0","license":"MIT"}"#))
        #expect(text(plain.name) == "@s/a")
        #expect(plain.licences.map(text) == ["MIT"])
        #expect(
            try package(#"{"name":"a","version":"1","licenses":[{"type":"X"},"Y"]}"#)?.licences.map(text) == ["X", "Y"])
        #expect(try package(#"{"name":"a","version":"1","license":{"type":"Z"}}"#)?.licences.map(text) == ["Z"])
        #expect(try package(#"{"type":"module"}"#) == nil)
        #expect(throws: RecordError.self) { try package("[") }
    }

    @Test func `a gem's specification is read without being run`() throws {
        let bytes = Array(
            "Gem::Specification.new do |s|\n  s.name = \"rake\".freeze\n  s.version = \"13.0\"\n  s.licenses = [\"MIT\".freeze]\n"
                .utf8)
        let package = try GemSpecification.package(bytes, fileName: Array("x-1.gemspec".utf8))
        #expect(text(package.name) + text(package.version) == "rake13.0")
        #expect(package.licences.map(text) == ["MIT"])
        let named = try GemSpecification.package([], fileName: Array("a-b-2.1.gemspec".utf8))
        #expect(text(named.name) + " " + text(named.version) == "a-b 2.1")
    }

    @Test func `a replaced go module is what replaced it, and the compiler is a module`() throws {
        let list = try GoBuildInformation.modules(
            Array(
                """
                path\tx/cmd
                mod\tx\t(devel)\t
                dep\ta/b\tv1.0.0\th1:x=
                dep\tc\tv2.0.0\t
                =>\tfork/c\tv2.0.1\th1:y=
                build\t-ldflags=-s -X main.version=v3.1.4

                """.utf8), compiler: Array("go1.21.4 X:exp".utf8))
        #expect(
            list.records.map { text($0.package.name) + " " + text($0.package.version) } == [
                "x v3.1.4", "a/b v1.0.0", "fork/c v2.0.1", "stdlib 1.21.4",
            ])
    }

    @Test func `composer's, .NET's and conda's lists are read`() throws {
        let composer = try JSONManifest.composer(
            Array(#"{"packages":[{"name":"a/b","version":"v1.2","license":["MIT"]}]}"#.utf8))
        #expect(composer.records.map { text($0.package.version) } == ["1.2"])
        let dotnet = try JSONManifest.dotnet(
            Array(
                #"{"runtimeTarget":{"name":"n"},"targets":{"n":{"A/1":{"runtime":{}},"B/2":{"dependencies":{}}}},"libraries":{"A/1":{"type":"package"},"B/2":{"type":"package"},"P/1":{"type":"project"}}}"#
                    .utf8))
        #expect(dotnet.records.map { text($0.package.name) } == ["A"])
        #expect(try text(JSONManifest.conda(Array(#"{"name":"x","version":"1"}"#.utf8)).name) == "x")
    }

    @Test func `a jar's artifacts are those it has written down, in it and in jars within`() {
        let inner = ZipBuilder.zip([
            (
                "META-INF/MANIFEST.MF",
                "Manifest-Version: 1.0\nImplementation-Title: inner\nImplementation-Version: 2\n\n"
            )
        ])
        let jar = ZipBuilder.zip(
            [
                ("META-INF/maven/org.x/app/pom.properties", "#c\ngroupId=org.x\nartifactId=app\nversion=1.0\n"),
                ("BOOT-INF/lib/inner-2.5.jar", String(decoding: inner, as: UTF8.self)),
            ], members: ["BOOT-INF/lib/inner-2.5.jar": inner])
        let list = JarRecord.read(RecordFile(jar), name: Array("app-1.0.jar".utf8))
        #expect(list.problems.isEmpty)
        #expect(
            list.records.map { "\(text($0.package.group)):\(text($0.package.name)):\(text($0.package.version))" } == [
                "org.x:app:1.0", ":inner:2.5",
            ])
    }

    @Test func `a jar that is cut anywhere is told`() {
        let jar = ZipBuilder.zip([("META-INF/maven/g/a/pom.properties", "groupId=g\nartifactId=a\nversion=1\n")])
        for count in 0..<jar.count {
            #expect(!JarRecord.read(RecordFile(Array(jar.prefix(count))), name: Array("a.jar".utf8)).problems.isEmpty)
        }
    }

    @Test func `a bomb in a jar is refused by its size`() throws {
        var archive = ZipBuilder.zip([("META-INF/maven/g/a/pom.properties", "x")])
        let place = try #require(archive.indices.last { archive[$0...].starts(with: [0x50, 0x4B, 1, 2]) })
        archive.replaceSubrange((place + 20)..<(place + 28), with: [0, 0, 0, 0x40, 0, 0, 0, 0x40])
        let list = JarRecord.read(RecordFile(archive), name: Array("a.jar".utf8))
        #expect(
            list.problems.map(\.description) == [
                "zip member \"META-INF/maven/g/a/pom.properties\": is larger than 10485760 bytes"
            ])
    }
}

/// Builds zip archives of stored members.
enum ZipBuilder {
    static func zip(_ texts: [(String, String)], members: [String: [UInt8]] = [:]) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var file: [UInt8] = []
        var directory: [UInt8] = []
        for (name, text) in texts {
            let bytes = members[name] ?? Array(text.utf8)
            let sizes = little(0, 4) + little(bytes.count, 4) + little(bytes.count, 4) + little(name.utf8.count, 2)
            directory +=
                [0x50, 0x4B, 1, 2] + little(20, 2) + little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4)
            directory += sizes + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4)
            directory += little(file.count, 4) + Array(name.utf8)
            file +=
                [0x50, 0x4B, 3, 4] + little(20, 2) + little(0, 2) + little(0, 2) + little(0, 4) + sizes + little(0, 2)
            file += Array(name.utf8) + bytes
        }
        let start = file.count
        return file + directory + [0x50, 0x4B, 5, 6] + little(0, 4) + little(texts.count, 2) + little(texts.count, 2)
            + little(directory.count, 4) + little(start, 4) + little(0, 2)
    }
}
