// SPDX-License-Identifier: Apache-2.0

import Console
import LinuxIO
import OCI
import SystemPackage

extension FilePath {
    /// The path that an argument stands for; text of other origin means itself.
    ///
    /// Stands before SystemPackage's own, so that no command forgets that arguments are bytes.
    init(_ text: String) { self.init(RawArguments.bytes(of: text)) }
}
