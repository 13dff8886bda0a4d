// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The machine's processors.
package enum Processors {
    /// How many there are to run threads on, at least 1.
    ///
    /// The corresponding C function is sysconf(3) with `_SC_NPROCESSORS_ONLN`.
    package static var count: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
