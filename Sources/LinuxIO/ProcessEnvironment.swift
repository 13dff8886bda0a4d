// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// Variables of the process's environment; an empty one counts as missing.
package enum Environment {
    /// The path that a variable holds.
    package static func path(_ name: String) -> FilePath? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return FilePath(platformString: value)
    }

    /// The text of a variable, which may be empty; nil where it is not set.
    package static func text(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// The directory that a variable of the XDG Base Directory Specification holds; a relative path counts as missing.
    package static func directory(_ name: String) -> FilePath? {
        path(name).flatMap { $0.isAbsolute ? $0 : nil }
    }
}
