// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import Registry
import Sigstore
package import SystemPackage
package import Trust

/// Which policy counts, and where signatures are looked for.
package struct TrustSettings: Sendable {
    /// The policy that the user named; nil for the user's own or the machine's.
    package var policyFile: FilePath?
    /// The directory of `registries.d` that the user named; nil for the user's own or the machine's.
    package var registriesDirectory: FilePath?
    /// Whether everything is accepted, whatever the policy says.
    package var isInsecure = false
    /// Where the user's and the machine's files lie.
    package var environment: UserEnvironment

    /// Makes settings for an environment.
    package init(environment: UserEnvironment = .current) { self.environment = environment }

    /// The policy's file, whether it is there or not: the one that was named, else the user's if there is one, else the
    /// machine's.
    package var policyPath: FilePath {
        if let policyFile { return policyFile }
        if let user = userPolicyPath, fileExists(user) { return user }
        return systemPolicyPath
    }

    /// The user's own policy; nil for a user without a home.
    package var userPolicyPath: FilePath? {
        environment.home.map { $0.appending(".config/containers/policy.json") }
    }

    /// The machine's policy.
    package var systemPolicyPath: FilePath { environment.systemDirectory.appending("containers/policy.json") }

    /// The directory that says where signatures are: the one that was named, else the user's if there is one, else the
    /// machine's; never two.
    package var registriesPath: FilePath {
        if let registriesDirectory { return registriesDirectory }
        if let user = userRegistriesPath, fileExists(user) { return user }
        return systemRegistriesPath
    }

    /// The user's own `registries.d`; nil for a user without a home.
    package var userRegistriesPath: FilePath? {
        environment.home.map { $0.appending(".config/containers/registries.d") }
    }

    /// The machine's `registries.d`.
    package var systemRegistriesPath: FilePath { environment.systemDirectory.appending("containers/registries.d") }

    /// Where signatures are if nothing is said.
    package var builtInStore: String {
        if geteuid() == 0 { return "file:///var/lib/containers/sigstore" }
        let home = environment.home?.string ?? "/"
        return "file://\(home)/.local/share/containers/sigstore"
    }

    /// Reads the policy that counts.
    ///
    /// - Returns: the file, nil where there is none: then everything is accepted.
    /// - Throws: `TrustError` or `SignatureError`: a policy that cannot be read is none that accepts.
    package func policy() throws -> (policy: Policy, file: FilePath?) {
        let path = policyPath
        guard let bytes = try TrustFile.read(path, limit: Policy.byteLimit) else {
            guard policyFile == nil else { throw SignatureError(path.string.printable, "is not there") }
            return (Policy([.insecureAcceptAnything]), nil)
        }
        return (try Policy(json: bytes, name: path.string), path)
    }

    /// Reads where signatures are kept.
    ///
    /// - Throws: `TrustError` or `SignatureError` that names the file.
    package func storage() throws -> SignatureStorage {
        var storage = SignatureStorage()
        let directory = registriesPath
        for name in try TrustFile.names(in: directory) where name.hasSuffix(".yaml") {
            let path = directory.appending(name)
            guard let bytes = try TrustFile.read(path, limit: TrustFile.configurationByteLimit) else { continue }
            try storage.add(bytes, name: path.string)
        }
        return storage
    }
}
