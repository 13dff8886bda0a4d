// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite(.timeLimit(.minutes(15))) struct ArchitectureTests {
    @Test func `the manifest declares the modules of the table and no other edge`() throws {
        let manifest = try Manifest.load()
        let product = manifest.targets.filter { $0.type != "test" && $0.path?.hasPrefix("Tests/") != true }
        #expect(Set(product.map(\.name)) == Set(allowedEdges.keys))
        var stray: [String] = []
        for target in product {
            for dependency in target.dependencies where allowedEdges[target.name]?.contains(dependency.name) != true {
                stray.append("\(target.name) → \(dependency.name)")
            }
        }
        #expect(stray == [])
    }

    @Test func `the table has no cycle`() {
        // Modules whose imports are all placed are placed next: a cycle is what remains.
        var open = allowedEdges
        var placed: Set<String> = ["SwiftASN1", "SystemPackage", "ArgumentParser"]
        while true {
            let next = open.filter { $0.value.isSubset(of: placed) }.keys
            if next.isEmpty { break }
            for module in next {
                placed.insert(module)
                open[module] = nil
            }
        }
        #expect(open.keys.sorted() == [])
    }

    @Test func `sources import what the table allows`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(files.count > 15)
        #expect(files.flatMap(SourceRules.strayImports) == [])
    }

    @Test func `every source file carries the license header`() throws {
        let files = try Checkout.files(in: ["Sources", "Tests", "CFuse"], extensions: ["swift", "c", "h"])
        #expect(files.flatMap(SourceRules.missingHeader) == [])
    }

    @Test func `no source file grows beyond the ceiling`() throws {
        let files = try Checkout.files(in: ["Sources", "Tests", "CFuse"], extensions: ["swift", "c", "h"])
        #expect(files.flatMap(SourceRules.tooLong) == [])
    }

    @Test func `no module is too large, knows too many others, or has a function that is too long`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(SizeRules.largeModules(files) == [])
        #expect(SizeRules.knowingModules(allowedEdges) == [])
        #expect(files.flatMap(SizeRules.longFunctions) == [])
    }

    @Test func `sources neither abort nor leave notes`() throws {
        let files = try Checkout.files(in: ["Sources", "CFuse"], extensions: ["swift", "c", "h"])
        #expect(files.flatMap(SourceRules.forbidden) == [])
    }

    @Test func `a failure is ignored for a reason that stands there`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(files.flatMap(SourceRules.unexplainedTries) == [])
    }

    @Test func `arguments are taken from the process in the one place that keeps their bytes`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(files.flatMap(SourceRules.arguments) == [])
    }

    @Test func `system calls whose failure counts come through the one door that tests can shut`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(files.flatMap(SourceRules.errorNumbers) == [])
    }

    @Test func `files are opened through one door`() throws {
        let files = try Checkout.files(in: ["Sources"], extensions: ["swift"])
        #expect(files.contains { $0.path == SourceRules.door })
        #expect(files.flatMap(SourceRules.otherDoors) == [])
    }

    @Test func `the tests that a promise is said to be held by are there`() throws {
        let suites = try Checkout.files(in: ["Tests"], extensions: ["swift"])
            .map { String($0.path.split(separator: "/").last?.split(separator: ".").first ?? "") }
        let pages = try Checkout.files(in: ["docs"], extensions: ["md"])
        var named = 0
        for line in pages.flatMap(\.lines) {
            // Every other piece is between backquotes.
            let words = line.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            for (number, word) in words
            where number % 2 == 1 && (word.hasSuffix("Tests") || word.hasSuffix("Loops")) && !word.contains("/")
                && word.first?.isUppercase == true
            {
                #expect(suites.contains { $0 == word || $0.hasPrefix(word + "+") }, "\(word)")
                named += 1
            }
        }
        #expect(named > 70)
    }

    @Test func `everything another module sees is documented`() throws {
        let files = try Checkout.files(in: ["Sources", "Tests/TestSupport"], extensions: ["swift"])
        let protocols = ProtocolRequirements(files)
        #expect(files.flatMap { SourceRules.undocumented($0, protocols) } == [])
    }
}
