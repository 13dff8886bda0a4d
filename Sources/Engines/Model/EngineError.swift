// SPDX-License-Identifier: Apache-2.0

import Bolt
import Glibc
import OCI
import SystemPackage

/// An engine's storage that cannot be read, or does not hold what was asked for.
package struct EngineError: Error, Equatable, CustomStringConvertible, Sendable {
    /// The storage and what in it: `podman /var/lib/containers/storage: container 3f0c…`.
    package let object: String
    /// What is wrong, and what helps where something does.
    package let cause: String
    /// Whether a user with more rights could read it.
    package let isPermission: Bool

    /// Makes an error.
    package init(_ object: String, _ cause: String, isPermission: Bool = false) {
        self.object = object
        self.cause = cause
        self.isPermission = isPermission
    }

    package var description: String { "\(object): \(cause)" }
}

extension EngineError {
    /// Takes over what is wrong with a database.
    init(_ error: BoltError) { self.init(error.object, error.cause) }

    /// Takes over what a document's reader found wrong.
    init(_ error: FormatError) {
        self.init(error.object, [error.place, error.cause].compactMap { $0 }.joined(separator: ": "))
    }
}

extension EngineError {
    /// Makes an error of what a system call said about a path of a storage.
    init(_ object: String, reading error: Errno) {
        switch error {
        case .permissionDenied, .notPermitted:
            let help = geteuid() == 0 ? "" : ": run as root, or as the user who owns it"
            self.init(object, "\(error)\(help)", isPermission: true)
        case .tooManySymbolicLinkLevels:
            self.init(object, "is a symbolic link or lies behind one")
        case .noSuchFileOrDirectory:
            self.init(object, "is missing")
        default:
            self.init(object, "\(error)")
        }
    }
}
