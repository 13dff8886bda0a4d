// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxIO
import OCI
package import SystemPackage

extension FilePath {
    /// The path that an argument stands for; text of other origin means itself.
    package init(argument text: String) { self.init(RawArguments.bytes(of: text)) }

    /// The same, beside SystemPackage's own: a call of either is ambiguous and does not compile, so that no command
    /// forgets that arguments are bytes.
    package init(_ text: String) { self.init(argument: text) }
}
