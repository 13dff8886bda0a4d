// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The built `cimg`.
enum CimgProgram {
    /// The program, which is built beside the tests.
    static let path: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        return bundle.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) + "/cimg" } ?? ".build/debug/cimg"
    }()

    /// Starts `cimg`, or another program, with its output thrown away.
    static func start(_ arguments: [String], program: String = path) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }
}
