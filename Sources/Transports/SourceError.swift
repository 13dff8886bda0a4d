// SPDX-License-Identifier: Apache-2.0

import OCI

/// A source that cannot be read, or does not hold what was asked for.
package struct SourceError: Error, Equatable, CustomStringConvertible {
    /// The source and what in it: `oci:/images: blob sha256:…`.
    package let object: String
    /// What is wrong.
    package let cause: String

    /// Makes an error.
    package init(_ object: String, _ cause: String) {
        self.object = object
        self.cause = cause
    }

    package var description: String { "\(object): \(cause)" }
}

extension SourceError {
    /// An error that tells what there is instead; at most 20 names.
    init(_ object: String, _ cause: String, has names: [String]) {
        let shown = names.prefix(20).map(\.printable).joined(separator: ", ")
        let rest = names.count > 20 ? " and \(names.count - 20) more" : ""
        self.init(object, names.isEmpty ? cause : "\(cause); it has: \(shown)\(rest)")
    }
}
