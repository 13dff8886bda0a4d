// SPDX-License-Identifier: Apache-2.0

import Foundation
import OCI
import TestSupport
import Testing

/// Something that is offered to `cimg import` and must be refused, and with which words.
struct HostileInput: Sendable, CustomTestStringConvertible {
    /// What it is.
    var name: String
    /// What is told: a line without the program's name, every digest cut to `sha256:…` and long names left out.
    var message: String
    /// The source's name.
    var source: String
    /// Puts the source onto a bench.
    var write: @Sendable (Workbench) throws -> Void

    var testDescription: String { name }

    /// Any source.
    init(_ name: String, _ message: String, source: String, write: @escaping @Sendable (Workbench) throws -> Void) {
        (self.name, self.message, self.source, self.write) = (name, message, source, write)
    }

    /// An image layout, written to `layout` and then changed by `spoil`.
    init(
        _ name: String, _ message: String, layout: OCILayoutBuilder,
        spoil: @escaping @Sendable (Workbench) throws -> Void = { _ in }
    ) {
        self.init(name, message, source: "oci:layout") { bench in
            layout.write(to: bench.scratch)
            try spoil(bench)
        }
    }

    /// A layout of one image.
    init(_ name: String, _ message: String, image: ImageBuilder) {
        self.init(name, message, layout: OCILayoutBuilder { $0.image(image, tag: "x") })
    }

    /// A layout of one image of one uncompressed layer.
    init(_ name: String, _ message: String, tar: TarBuilder) {
        self.init(name, message, image: ImageBuilder([LayerBuilder(tar: tar.bytes)]))
    }

    /// A layout whose index is these bytes.
    init(_ name: String, _ message: String, index: [UInt8]) {
        self.init(name, message, layout: OCILayoutBuilder()) { bench in
            bench.scratch.file("layout/index.json", index)
        }
    }

    /// Imports the input and checks that it is refused in a line, that nothing but the store was touched, and that the
    /// store is whole and without images afterwards.
    func check() throws {
        let bench = Workbench()
        try write(bench)
        let before = try bench.filesOutsideStore()
        let outcome = try bench.cimg("import", source, "victim")
        let errors = outcome.errors.replacing(/sha256:[0-9a-f]{64}/, with: "sha256:…")
            .replacing(/sha256\/[0-9a-f]{64}/, with: "sha256/…")
            .replacing(/entry "(?:n{50}|(?:d\/){50})[^"]*"/, with: "entry \"(long)\"")
        #expect(Outcome(outcome.code, outcome.output, errors: errors) == .trouble(message))
        try expect(bench.filesOutsideStore(), is: before)
        try expect(bench.stored("tmp"), is: [])
        try expect(bench.stored("trees/sha256"), is: [])
        // What was refused early has made no store.
        guard FileManager.default.fileExists(atPath: "\(bench.path)/store/oci-layout") else { return }
        try expect(bench.cimg("images", "-n"), is: .success())
        try expect(bench.cimg("fsck").code, is: 0)
    }

    /// Runs a shell command on a bench.
    static func change(_ bench: Workbench, _ script: String) throws {
        let outcome = try bench.run("/bin/sh", ["-ec", script])
        guard outcome.code == 0 else { throw BenchError(description: outcome.errors) }
    }
}
