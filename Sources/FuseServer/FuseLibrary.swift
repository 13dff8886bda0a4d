// SPDX-License-Identifier: Apache-2.0

import CFuse

/// The libfuse that the program runs with.
package enum FuseLibrary {
    /// Its version, as `3.14.0`.
    package static var version: String { String(cString: fuse_pkgversion()) }
}
