// SPDX-License-Identifier: Apache-2.0

import Glibc
import OCI
package import SystemPackage

/// Where credentials come from: the command line, files, helpers.
package struct CredentialSource: Sendable {
    /// What the user gave on the command line: it is for the registry that the command names, not for mirrors.
    package var given: Credential?
    /// A file of credentials that the user named; no other is looked at then.
    package var file: FilePath?
    private let environment: UserEnvironment

    /// Makes a source.
    package init(environment: UserEnvironment, given: Credential? = nil, file: FilePath? = nil) {
        self.environment = environment
        self.given = given
        self.file = file
    }

    /// The files in the order in which they are asked.
    package var files: [FilePath] {
        if let file { return [file] }
        if let path = environment["REGISTRY_AUTH_FILE"] { return [FilePath(path)] }
        var files: [FilePath] = []
        if let runtime = environment.directory("XDG_RUNTIME_DIR") {
            files.append(runtime.appending(Self.name))
        } else if let runFile {
            files.append(runFile)
        }
        if let path = environment.directory("XDG_CONFIG_HOME") {
            files.append(path.appending(Self.name))
        } else if let home = environment.home {
            files.append(home.appending(".config").appending(Self.name))
        }
        if let docker = environment["DOCKER_CONFIG"] {
            files.append(FilePath(docker).appending("config.json"))
        } else if let home = environment.home {
            files.append(home.appending(".docker/config.json"))
        }
        return files
    }

    /// The file that a login is written to: the first, or the next where the first is podman's and is not there.
    package var fileForLogin: FilePath? {
        let files = files
        guard let first = files.first, first == runFile, access(first.string, F_OK) != 0 else { return files.first }
        return files.dropFirst().first
    }

    /// Where podman keeps credentials of a user without a runtime directory.
    private var runFile: FilePath? { environment.runDirectory?.appending("auth.json") }

    private static let name = "containers/auth.json"

    /// The credential for a repository; nil where nobody knows one.
    ///
    /// - Parameters:
    ///   - host: the registry as users write it: `docker.io`.
    ///   - helpers: the programs that `registries.conf` names, which are asked after the files.
    /// - Throws: `RegistryError` or `FormatError` that names the file or program.
    func credential(host: String, repository: String, helpers: [String]) throws -> Credential? {
        if let given { return given }
        for path in files {
            guard let answer = try CredentialFile(path)?.find(host: host, repository: repository) else { continue }
            switch answer {
            case .credential(let credential): return credential
            case .helper(let name, let server):
                if let credential = try CredentialHelper(name).get(server) { return credential }
            }
        }
        for name in helpers where name != "containers-auth.json" {
            if let credential = try CredentialHelper(name).get(host) { return credential }
        }
        return nil
    }
}
