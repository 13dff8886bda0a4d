// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FileTree
import SystemPackage

/// Why a mount could not be made, listed or ended.
struct MountError: Error, Equatable, CustomStringConvertible {
    /// What was being done, on what, and why it failed.
    let description: String

    /// An error without a place.
    init(_ reason: String) { description = reason }

    /// An error at a mountpoint.
    init(at mountpoint: [UInt8], _ reason: String) {
        description = "mountpoint \"\(Bytes.escaped(mountpoint))\": \(reason)"
    }

    /// Prints an error as a command does.
    static func report(_ error: any Error) {
        let text = "cimg: \(error)\n"
        // Nobody is left to be told if this fails.
        _ = try? FileDescriptor.standardError.writeAll(text.utf8)
    }
}

/// Runs a command's work; a failure is printed and becomes exit code 2.
func reportingTrouble(_ work: () throws -> Void) throws {
    do {
        try work()
    } catch let code as ExitCode {
        throw code
    } catch {
        MountError.report(error)
        throw ExitCode(2)
    }
}
