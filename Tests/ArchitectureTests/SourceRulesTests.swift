// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite(.timeLimit(.minutes(15))) struct SourceRulesTests {
    private func file(_ lines: String..., path: String = "Sources/OCI/File.swift") -> Checkout.File {
        Checkout.File(path: path, lines: lines)
    }

    @Test(arguments: [
        ("import Glibc", "Glibc"),
        ("package import FileTree", "FileTree"),
        ("internal import struct SystemPackage.FilePath", "SystemPackage"),
        ("@preconcurrency import CFuse", "CFuse"),
        ("@_implementationOnly public import Foundation", "Foundation"),
    ])
    func `an import is found in every spelling`(line: String, module: String) {
        #expect(SourceRules.imports(file(line)).map(\.module) == [module])
    }

    @Test(arguments: ["// import Glibc", "let important = 1", "importer.run()"])
    func `what only looks like an import is none`(line: String) {
        #expect(SourceRules.imports(file(line)).isEmpty)
    }

    @Test func `an import against the table is named with its line`() {
        #expect(
            SourceRules.strayImports(file("", "internal import Glibc", "import CSHA256"))
                == ["Sources/OCI/File.swift:2: OCI imports Glibc"])
        #expect(
            SourceRules.strayImports(file("import Foundation", path: "Sources/LinuxIO/File.swift"))
                == ["Sources/LinuxIO/File.swift:1: LinuxIO imports Foundation"])
        #expect(
            SourceRules.strayImports(file("import OCI", path: "Sources/Extras/File.swift"))
                == ["Sources/Extras/File.swift:1: belongs to no module of the table"])
    }

    @Test(arguments: [
        ("let a = try! b()", 1), ("let a = b as! C", 1), ("fatalError(\"no\")", 1), ("// TODO later", 1),
        ("let a = try? b()", 0), ("let canvas = 1", 0), ("let alias!", 0), ("myfatalError()", 0),
    ])
    func `a forbidden token counts where it stands alone`(line: String, count: Int) {
        #expect(SourceRules.forbidden(file(line)).count == count)
    }

    @Test(arguments: [
        ("let a = Glibc.open(path, O_RDONLY)", 1), ("try retrying { openat(a, name, flags) }", 1),
        ("withCString(path) { clinux_openat2(a, $0, flags, 0, rules) }", 1), ("/// Built on openat(2).", 0),
        ("let a = try Descriptor.open(path)", 0), ("let a = try place.reopenat(b)", 0),
    ])
    func `a call that opens by a name counts outside of the door`(line: String, count: Int) {
        #expect(SourceRules.otherDoors(file(line)).count == count)
        #expect(SourceRules.otherDoors(file(line, path: SourceRules.door)) == [])
    }

    @Test(arguments: [
        (["let a = try? b()"], 1),
        (["let a = try? b()  // It may have gone."], 0),
        (["// It may have gone.", "let a = try? b()"], 0),
        (["/// A thing, if it is there.", "var a: A? { try? b() }"], 0),
        (["// It may have gone.", "@MainActor", "let a = try? b()"], 1),
        (["// It may have gone.", "", "let a = try? b()"], 1),
        (["// It may have gone.", "let a = try? b(),", "    let c = try? d()"], 1),
        (["let a = try? b(\"https://example\")"], 1),
        (["let a = try? b(\"\\\"//\")"], 1),
        (["let a = \"try? b()\""], 0),
        (["// try? b()"], 0),
        (["func entry() -> Entry? { nil }"], 0),
        (["let a = try b()"], 0),
    ])
    func `an ignored failure needs a reason on its line or right above`(lines: [String], count: Int) {
        let file = Checkout.File(path: "Sources/OCI/File.swift", lines: lines)
        #expect(SourceRules.unexplainedTries(file).count == count)
    }

    @Test(arguments: [
        (["package struct A {}"], 1),
        (["/// A.", "package struct A {}"], 0),
        (["/// A.", "@frozen", "package struct A {}"], 0),
        (["/// A.", "@discardableResult package func a() {}"], 0),
        (["// A.", "    package let a: Int"], 1),
        (["/// A.", "", "public func a()"], 1),
        (["package extension A {"], 0),
        (["package import OCI"], 0),
        (["struct A {}"], 0),
    ])
    func `a declaration that others see needs a comment right above`(lines: [String], count: Int) {
        let file = Checkout.File(path: "Sources/OCI/File.swift", lines: lines)
        #expect(SourceRules.undocumented(file, ProtocolRequirements([file])).count == count)
    }

    @Test(arguments: [
        ("package func lookup(_ name: String) {", 0),
        ("package var isRoot: Bool { true }", 0),
        ("package static func == (left: A, right: A) -> Bool {", 0),
        ("package func other() {", 1),
        ("package init() {}", 1),
    ])
    func `what a protocol documents needs no comment in its types`(member: String, count: Int) {
        let protocols = file(
            "package protocol Tree: Sendable {", "    func lookup(_ name: String)", "    var isRoot: Bool { get }", "}")
        let type = file("struct A: Tree, Equatable {}")
        let members = file("extension A {", "    " + member, "}")
        let stranger = file("extension B {", "    " + member, "}")
        let requirements = ProtocolRequirements([protocols, type, members, stranger])
        #expect(SourceRules.undocumented(members, requirements).count == count)
        #expect(SourceRules.undocumented(stranger, requirements).count == 1)
    }

    @Test func `length and header are judged at their edges`() {
        let full = Checkout.File(path: "a", lines: [String](repeating: "", count: SourceRules.lineCeiling))
        let over = Checkout.File(path: "a", lines: [String](repeating: "", count: SourceRules.lineCeiling + 1))
        #expect(SourceRules.tooLong(full) == [])
        #expect(SourceRules.tooLong(over) == ["a:351: more than 350 lines"])
        #expect(SourceRules.missingHeader(file("// " + SourceRules.header)) == [])
        #expect(SourceRules.missingHeader(file("#define A 1", "/* \(SourceRules.header) */")) == [])
        #expect(
            SourceRules.missingHeader(file("", "", SourceRules.header)) == [
                "Sources/OCI/File.swift:1: no license header"
            ])
    }

    @Test func `modules, imports and functions are judged at their edges`() {
        func module(_ lines: Int) -> Checkout.File {
            Checkout.File(path: "Sources/OCI/File.swift", lines: [String](repeating: "", count: lines))
        }
        #expect(SizeRules.largeModules([module(SizeRules.moduleCeiling)]) == [])
        #expect(
            SizeRules.largeModules([module(SizeRules.moduleCeiling), module(1)]) == ["OCI: 3501 lines, more than 3500"])
        var edges = Dictionary(uniqueKeysWithValues: (1...9).map { ("M\($0)", Set<String>()) })
        edges["CLinux"] = []
        edges["A"] = Set((1...8).map { "M\($0)" } + ["CLinux", "Crypto"])
        #expect(SizeRules.knowingModules(edges) == [])
        edges["A"]?.insert("M9")
        edges["TagCommands"] = edges["A"]
        #expect(SizeRules.knowingModules(edges) == ["A: 9 imports, more than 8"])
        func function(_ lines: Int) -> Checkout.File {
            let body = [String](repeating: "        }", count: lines - 2)
            return Checkout.File(
                path: "Sources/OCI/File.swift", lines: ["    package static func a(_ b: Int) {"] + body + ["    }"])
        }
        #expect(SizeRules.longFunctions(function(60)) == [])
        #expect(SizeRules.longFunctions(function(61)) == ["Sources/OCI/File.swift:1: 61 lines, more than 60"])
    }
}
