// SPDX-License-Identifier: Apache-2.0

import Archive
import CVersion
import CommandOptions
import Console
import FuseServer
import LinuxIO
import Registry

extension Version {
    /// What `cimg --version -v` prints: version, commit, and what of the system the program runs with.
    static var details: String {
        let commit = String(cString: cversion_commit())
        let own = [["cimg", current], ["commit", commit.isEmpty ? "unknown" : commit]]
        let system = [SystemVersions.kernel.map { ["Linux", $0] }, SystemVersions.glibc.map { ["glibc", $0] }]
        let libraries = [("libfuse", FuseLibrary.version)] + CompressionLibraries.versions
        let transfers: String
        do {
            transfers = try TransferLibrary.version()
        } catch {
            // The other commands work without it; what asks for a version asks about this too.
            transfers = "not there: \(error)"
        }
        return TextTable.text(
            own + system.compactMap { $0 } + libraries.map { [$0.0, $0.1] } + [["libcurl", transfers]])
    }

    /// Whether arguments ask for `details`; the parser knows `--version` alone.
    static func isAskedForDetails(_ arguments: [String]) -> Bool {
        arguments.count == 2 && arguments.contains("--version")
            && arguments.contains { $0 == "-v" || $0 == "--verbose" }
    }
}
