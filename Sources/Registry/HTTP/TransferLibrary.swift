// SPDX-License-Identifier: Apache-2.0

import CCurl

/// The libcurl that the program loads to speak with registries.
package enum TransferLibrary {
    /// Its version and that of its TLS, as `7.88.1 (OpenSSL/3.0.15)`.
    ///
    /// - Throws: `RegistryError` without the library.
    package static func version() throws(RegistryError) -> String {
        // Whatever makes a session has loaded the library.
        _ = try HTTPSession()
        return "\(String(cString: ccurl_version())) (\(String(cString: ccurl_tls_version())))"
    }
}
