// SPDX-License-Identifier: Apache-2.0

/// The version of the program, in the one place where it stands.
package enum Version {
    /// What `cimg --version` prints.
    ///
    /// `scripts/release` and `scripts/package` read this line.
    package static let current = "0.1.0"
}
