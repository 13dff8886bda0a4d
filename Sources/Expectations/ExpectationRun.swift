// SPDX-License-Identifier: Apache-2.0

package import Browsing
import FileTree
package import OCI

/// What the configuration of an object says, as far as tests ask.
package struct ExpectedConfiguration: Sendable {
    fileprivate var variables: [String: String] = [:]
    fileprivate let execution: ImageConfiguration.Execution?
    fileprivate var ports: Set<String> = []
    fileprivate var volumes: Set<String> = []

    /// Takes the members of a configuration's `config`.
    ///
    /// - Parameters:
    ///   - execution: those that are known; nil where there are none.
    ///   - members: all, as they are written.
    package init(_ execution: ImageConfiguration.Execution?, _ members: [String: JSONValue]) {
        self.execution = execution
        for variable in execution?.env ?? [] {
            let parts = variable.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            variables[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        if case .object(let members)? = members["ExposedPorts"] {
            ports = Set(members.keys.map { String($0.prefix { $0 != "/" }) })
        }
        if case .object(let members)? = members["Volumes"] { volumes = Set(members.keys) }
    }
}

/// Runs the tests of files.
package struct ExpectationRun {
    /// What became of a test.
    package struct Result: Sendable, Equatable {
        /// What became of it.
        package enum Outcome: Sendable, Equatable {
            /// It is as expected.
            case passed
            /// It is not.
            case failed
            /// It was not looked at.
            case skipped
        }

        /// What the test is called.
        package let name: String
        /// What became of it.
        package var outcome = Outcome.passed
        /// What is not as expected, or why it was not looked at.
        package private(set) var errors: [String] = []
        /// How long it took, in nanoseconds.
        package fileprivate(set) var duration: Int64 = 0

        fileprivate init(_ name: String) { self.name = name }

        fileprivate mutating func fail(_ error: String) {
            outcome = .failed
            errors.append(error)
        }

        fileprivate mutating func skip(_ reason: String) {
            outcome = .skipped
            errors.append(reason)
        }
    }

    /// Bytes of a file that a test reads: 64 MiB.
    private static let contentLimit: UInt64 = 64 << 20
    /// Words that no licence may have.
    private static let refusedLicences = ["agpl", "wtfpl"]

    private let tree: BrowsedTree
    private let configuration: ExpectedConfiguration?
    private let requiresAll: Bool
    private let now: () -> Int64

    /// Makes one.
    ///
    /// - Parameters:
    ///   - configuration: that of the object; nil for what has none.
    ///   - requiresAll: whether what cannot be looked at fails.
    ///   - now: nanoseconds of a clock that never goes back.
    package init(
        tree: BrowsedTree, configuration: ExpectedConfiguration?, requiresAll: Bool, now: @escaping () -> Int64
    ) {
        (self.tree, self.configuration) = (tree, configuration)
        (self.requiresAll, self.now) = (requiresAll, now)
    }

    /// Runs the tests of a file: commands, contents, existence, licences, metadata.
    ///
    /// - Returns: a result for each, in this order.
    package func results(of file: ExpectationFile) -> [Result] {
        var results: [Result] = []
        func run(_ name: String, _ body: (inout Result) throws -> Void) {
            let start = now()
            var result = Result(name)
            do {
                try body(&result)
            } catch {
                result.fail("\(error)")
            }
            result.duration = max(0, now() - start)
            results.append(result)
        }
        for name in file.commands {
            run("Command Test: \(name)") { result in
                let reason = "commands are not run: nothing of an image is ever started"
                if requiresAll { result.fail(reason) } else { result.skip(reason) }
            }
        }
        for test in file.contents {
            run("File Content Test: \(test.name)") { try check(test, &$0) }
        }
        let variables = environment(file.variables)
        for test in file.existence {
            run("File Existence Test: \(test.name)") { try check(test, variables, &$0) }
        }
        for test in file.licences { run("License Test") { try check(test, &$0) } }
        if !file.metadata.isEmpty { run("Metadata Test") { check(file.metadata, variables, &$0) } }
        return results
    }

    /// The image's variables with those of the file, which may refer to them.
    private func environment(_ own: [ExpectedPair]) -> [String: String] {
        var variables = configuration?.variables ?? [:]
        for pair in own { variables[pair.key] = VariableText.expanded(pair.value, variables) }
        return variables
    }

    private func isComplete(_ name: String, _ path: String, _ result: inout Result) -> Bool {
        if name.isEmpty { result.fail("the test has no name") }
        if path.isEmpty { result.fail("the test has no path") }
        return !name.isEmpty && !path.isEmpty
    }

    // MARK: - Files

    private func check(_ test: ExistenceTest, _ variables: [String: String], _ result: inout Result) throws {
        guard isComplete(test.name, test.path, &result) else { return }
        let path = VariableText.expanded(test.path, variables)
        guard let file = try tree.find(Array(path.utf8), followsLast: false) else {
            if test.shouldExist { result.fail("File \(path.printable) should exist but does not") }
            return
        }
        guard test.shouldExist else { return result.fail("File \(path.printable) should not exist but does") }
        let attributes = try tree.attributes(of: file)
        let shown = PermissionText.ls(attributes)
        if !test.permissions.isEmpty, !PermissionText.matches(test.permissions, attributes) {
            let go = PermissionText.go(attributes)
            let actual = go == shown ? shown : "\(shown) or \(go)"
            result.fail(
                "\(path.printable) has incorrect permissions. Expected: \(test.permissions.printable), Actual: \(actual)"
            )
        }
        let bits: [String: UInt16] = ["": 0o7777, "any": 0o111, "owner": 0o100, "group": 0o010, "other": 0o001]
        if let wanted = bits[test.isExecutableBy] {
            if !test.isExecutableBy.isEmpty, attributes.permissions & wanted == 0 {
                result.fail(
                    "\(path.printable) has incorrect executable bit. Expected to be executable by "
                        + "\(test.isExecutableBy), Actual: \(shown)")
            }
        } else {
            result.fail("isExecutableBy: \(test.isExecutableBy.printable) is none of any, owner, group, other")
        }
        if let uid = test.uid, uid != Int64(attributes.uid) {
            result.fail(
                "\(path.printable) has incorrect user ownership. Expected: \(uid), Actual: \(attributes.uid)")
        }
        if let gid = test.gid, gid != Int64(attributes.gid) {
            result.fail(
                "\(path.printable) has incorrect group ownership. Expected: \(gid), Actual: \(attributes.gid)")
        }
    }

    private func check(_ test: ContentTest, _ result: inout Result) throws {
        guard isComplete(test.name, test.path, &result) else { return }
        let file = try tree.resolve(Array(test.path.utf8))
        let bytes = try tree.bytes(of: file, limit: Self.contentLimit)
        for (patterns, isExpected) in [(test.expected, true), (test.excluded, false)] {
            for pattern in patterns {
                let word = isExpected ? "Expected" : "Excluded"
                do throws(PatternError) {
                    guard try TextPattern(pattern).matches(bytes) != isExpected else { continue }
                    result.fail(
                        "\(word) string '\(pattern.printable)' \(isExpected ? "not " : "")found in file content"
                            + " of \(test.path.printable)" + Self.excerpt(bytes))
                } catch {
                    result.fail("\(word) string '\(pattern.printable)' cannot be looked for: \(error)")
                }
            }
        }
    }

    /// A small file's content, to be shown.
    private static func excerpt(_ bytes: [UInt8]) -> String {
        bytes.count <= 200 ? ": '\(Bytes.escaped(bytes))'" : ", which has \(bytes.count) bytes"
    }

    private func check(_ test: LicenceTest, _ result: inout Result) throws {
        if test.isDebian {
            let root = try tree.resolve(Array("/usr/share/doc".utf8))
            for package in try tree.children(of: root) where package.type == .directory {
                guard !package.name.elementsEqual("libgnutls30".utf8) else { continue }
                checkLicence(package.path + Array("/copyright".utf8), &result)
            }
        }
        for file in test.files { checkLicence(Array(file.utf8), &result) }
        if !test.isDebian, test.files.isEmpty { result.fail("the test names no file") }
    }

    private func checkLicence(_ path: [UInt8], _ result: inout Result) {
        do throws(BrowsingError) {
            let bytes = try tree.bytes(of: tree.resolve(path), limit: Self.contentLimit)
            let text = bytes.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
            for word in Self.refusedLicences where Self.contains(text, Array(word.utf8)) {
                result.fail("Invalid license for \(Bytes.escaped(path)), license contains \(word.uppercased())")
                return
            }
        } catch {
            result.fail("Error reading license file: \(error)")
        }
    }

    private static func contains(_ text: [UInt8], _ word: [UInt8]) -> Bool {
        guard let first = word.first else { return true }
        var rest = text[...]
        while let start = rest.firstIndex(of: first) {
            if rest[start...].starts(with: word) { return true }
            rest = rest[(start + 1)...]
        }
        return false
    }

    // MARK: - Metadata

    private func check(_ test: MetadataTest, _ variables: [String: String], _ result: inout Result) {
        guard let configuration else {
            return result.fail("this object has no configuration: a directory or a process has none")
        }
        for pair in test.variables where pair.key.isEmpty { result.fail("Environment variable key cannot be empty") }
        for pair in test.labels where pair.key.isEmpty { result.fail("Label key cannot be empty") }
        guard result.errors.isEmpty else { return }
        check(test.variables, in: variables, "env var", "variable", &result)
        for pair in test.unboundVariables where variables[pair.key] != nil {
            result.fail("env variable \(pair.key.printable) should not be present in image metadata")
        }
        check(test.labels, in: configuration.execution?.labels ?? [:], "label", "label", &result)
        let commands = [
            ("Cmd", test.command, configuration.execution?.cmd),
            ("entrypoint", test.entrypoint, configuration.execution?.entrypoint),
        ]
        for (name, expected, actual) in commands {
            guard let expected, expected != actual ?? [] else { continue }
            result.fail("Image \(name) \(Self.list(actual ?? [])) does not match expected: \(Self.list(expected))")
        }
        let texts = [
            ("workdir", test.directory, configuration.execution?.workingDir ?? ""),
            ("user", test.user, configuration.execution?.user ?? ""),
        ]
        for (name, expected, actual) in texts where !expected.isEmpty && expected != actual {
            result.fail("Image \(name) \"\(actual.printable)\" does not match expected: \"\(expected.printable)\"")
        }
        for port in test.ports where !configuration.ports.contains(port) {
            result.fail("Port \(port.printable) not found in config")
        }
        for port in test.closedPorts where configuration.ports.contains(port) {
            result.fail("Port \(port.printable) should not be exposed")
        }
        for volume in test.volumes where !configuration.volumes.contains(volume) {
            result.fail("Volume \(volume.printable) not found in config")
        }
        for volume in test.otherVolumes where configuration.volumes.contains(volume) {
            result.fail("Volume \(volume.printable) should not be mounted")
        }
    }

    private func check(
        _ pairs: [ExpectedPair], in values: [String: String], _ kind: String, _ noun: String, _ result: inout Result
    ) {
        for pair in pairs {
            guard let value = values[pair.key] else {
                result.fail("\(noun) \(pair.key.printable) not found in image metadata")
                continue
            }
            do throws(PatternError) {
                let isSame =
                    pair.isPattern
                    ? try TextPattern(pair.value).matches(Array(value.utf8)) : value.utf8.elementsEqual(pair.value.utf8)
                guard !isSame else { continue }
                result.fail(
                    "\(kind) \(pair.key.printable) value \(value.printable) does not match expected value: "
                        + pair.value.printable)
            } catch {
                result.fail("\(kind) \(pair.key.printable): '\(pair.value.printable)' cannot be looked for: \(error)")
            }
        }
    }

    private static func list(_ words: [String]) -> String {
        "[" + words.map { "\"\($0.printable)\"" }.joined(separator: ", ") + "]"
    }
}

/// Texts with `$NAME` and `${NAME}` in them.
enum VariableText {
    /// Puts values in the place of variables, an empty text for one that is not set.
    static func expanded(_ text: String, _ variables: [String: String]) -> String {
        var result = ""
        var rest = text[...]
        while let first = rest.first {
            rest = rest.dropFirst()
            guard first == "$" else {
                result.append(first)
                continue
            }
            if rest.first == "{", let end = rest.firstIndex(of: "}") {
                result += variables[String(rest[rest.startIndex..<end].dropFirst())] ?? ""
                rest = rest[rest.index(after: end)...]
                continue
            }
            let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
            if name.isEmpty { result.append("$") }
            result += variables[String(name)] ?? ""
            rest = rest[name.endIndex...]
        }
        return result
    }
}
