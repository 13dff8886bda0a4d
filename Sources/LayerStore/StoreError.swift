// SPDX-License-Identifier: Apache-2.0

import SystemPackage

/// Why something cannot be stored, found or read in a store.
package struct StoreError: Error, Equatable, CustomStringConvertible {
    /// What kind of trouble it is, for callers that act on it.
    package enum Code: Sendable {
        /// What was asked for is not there.
        case notFound
        /// What is stored or offered is not what its digest, size or format says.
        case damaged
        /// A bound was hit.
        case tooLarge
        /// A name or argument that cannot be.
        case invalid
        /// A system call failed.
        case system
    }

    /// The kind of trouble.
    package let code: Code
    /// What is in trouble: `layer sha256:…`, `store /var/lib/cimg`.
    package let object: String
    /// What is wrong with it.
    package let reason: String

    /// Makes an error.
    package init(_ code: Code, _ object: String, _ reason: String) {
        self.code = code
        self.object = object
        self.reason = reason
    }

    package var description: String { "\(object): \(reason)" }
}

extension Errno {
    /// Whether there is no room for what was to be written.
    var isFullDisk: Bool { self == .noSpace || self == .diskQuotaExceeded }

    /// What to do about it, as the end of a sentence; empty where the error says it all.
    var advice: String {
        isFullDisk ? "; make room there, for instance with \"cimg prune\", or choose another store with --root" : ""
    }
}
