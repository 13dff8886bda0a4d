// SPDX-License-Identifier: Apache-2.0

import CimgCommands

/// The executable: everything is in `CimgCommands`.
@main
enum Main {
    static func main() {
        CimgCommand.run()
    }
}
