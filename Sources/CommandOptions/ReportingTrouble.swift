// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Console

/// Runs a command's work; a failure is printed and becomes exit code 2.
package func reportingTrouble(_ work: () throws -> Void) throws {
    do {
        try work()
    } catch let code as ExitCode {
        throw code
    } catch {
        StandardError.print("cimg: \(error)")
        throw ExitCode(2)
    }
}
