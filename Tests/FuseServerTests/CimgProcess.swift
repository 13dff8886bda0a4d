// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport

/// The built `cimg`.
enum CimgProcess {
    /// What a command left.
    struct Outcome: Equatable {
        var code: Int32
        var output: String
        var errors: String
    }

    /// The program, which is built beside the tests.
    static let path: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") }
        return bundle.map { String($0[..<($0.lastIndex(of: "/") ?? $0.startIndex)]) + "/cimg" } ?? ".build/debug/cimg"
    }()

    /// Runs `cimg` to its end.
    static func run(_ arguments: String...) throws -> Outcome { try run(path, arguments) }

    /// Runs any program to its end.
    static func run(_ program: String, _ arguments: [String]) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        let output = Foundation.Pipe()
        let errors = Foundation.Pipe()
        process.standardOutput = output
        process.standardError = errors
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let errorText = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit(atMost: 600)
        return Outcome(
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus,
            output: String(decoding: text, as: UTF8.self), errors: String(decoding: errorText, as: UTF8.self))
    }
}
