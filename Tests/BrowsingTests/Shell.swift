// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// Scripts that look at, or prepare, files of this machine.
enum Shell {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs a script with arguments; the lines of its output.
    static func run(_ script: String, _ arguments: String...) throws -> [String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script, "sh"] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C"]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit(atMost: 600)
        guard process.terminationStatus == 0 else { throw Failure(description: "\(script): \(text)") }
        return text.split(separator: "\n").map(String.init)
    }
}
