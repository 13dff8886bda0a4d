// SPDX-License-Identifier: Apache-2.0

import OCI

/// Which scopes a transport can have in a policy.
package enum PolicyScope {
    /// Whether a scope can be one; those of a transport that is not known can be anything.
    package static func isValid(_ scope: String, of transport: String) -> Bool {
        if scope.isEmpty { return true }
        switch transport {
        case "dir", "oci", "oci-archive", "sif": return isPath(scope)
        case "docker-archive", "tarball": return false
        case "docker-daemon": return (try? Digest(parsing: scope)) == nil  // What is no digest is a name.
        case "containers-storage": return isStored(scope)
        default: return true
        }
    }

    /// Whether a text is an absolute path in its shortest form, but not that of the root.
    private static func isPath(_ text: String) -> Bool {
        guard text.hasPrefix("/"), text != "/" else { return false }
        return text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
            !$0.isEmpty && $0 != "." && $0 != ".."
        }
    }

    /// Whether a text begins with a storage: `[ROOT]` or `[DRIVER@ROOT]`.
    private static func isStored(_ text: String) -> Bool {
        guard text.hasPrefix("["), let end = text.firstIndex(of: "]") else { return false }
        let store = text[text.index(after: text.startIndex)..<end]
        guard let at = store.firstIndex(of: "@") else { return store.isEmpty || store.hasPrefix("/") }
        return at != store.startIndex && store[store.index(after: at)...].hasPrefix("/")
    }
}
