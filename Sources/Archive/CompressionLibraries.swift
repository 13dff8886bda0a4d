// SPDX-License-Identifier: Apache-2.0

import CLibZ
import CLibZstd

#if ISAL
    import CIgzip
#endif

/// The libraries that decompress layers.
package enum CompressionLibraries {
    /// Their names and versions: of the library that runs, or, where it does not tell, of the one it was built with.
    package static var versions: [(name: String, version: String)] {
        var versions = [
            (name: "zlib", version: String(cString: zlibVersion())),
            (name: "zstd", version: String(cString: ZSTD_versionString())),
        ]
        #if ISAL
            versions.append((name: "ISA-L", version: String(cString: cigzip_built_with())))
        #endif
        return versions
    }
}
