// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import SystemPackage
import Web

/// The variables and places that tell where a user's configuration lies.
package struct UserEnvironment: Sendable {
    private let variables: [String: String]
    /// Where the machine's configuration is: `/etc`.
    package let systemDirectory: FilePath

    /// Where podman and its kin keep a user's credentials without `$XDG_RUNTIME_DIR`; nil for nowhere.
    package let runDirectory: FilePath?

    /// Makes an environment of variables.
    package init(
        _ variables: [String: String], systemDirectory: FilePath = "/etc", runDirectory: FilePath? = nil
    ) {
        self.variables = variables
        self.systemDirectory = systemDirectory
        self.runDirectory = runDirectory
    }

    /// The environment of this process.
    package static var current: UserEnvironment {
        let names = [
            "CONTAINERS_REGISTRIES_CONF", "REGISTRY_AUTH_FILE", "XDG_RUNTIME_DIR", "HOME", "DOCKER_CONFIG",
            "SSL_CERT_FILE", "XDG_CONFIG_HOME",
            "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
            "REQUEST_METHOD",
        ]
        var variables: [String: String] = [:]
        for name in names {
            guard let value = getenv(name), value.pointee != 0 else { continue }
            variables[name] = String(cString: value)
        }
        return UserEnvironment(variables, runDirectory: FilePath("/run/containers/\(geteuid())"))
    }

    /// The value of a variable; nil where it is missing or empty.
    package subscript(_ name: String) -> String? { variables[name] }

    /// The directory that a variable of the XDG Base Directory Specification holds; a relative path counts as missing.
    package func directory(_ name: String) -> FilePath? {
        self[name].map { FilePath($0) }.flatMap { $0.isAbsolute ? $0 : nil }
    }

    /// The user's home directory.
    package var home: FilePath? { self["HOME"].map { FilePath($0) } }
}

/// Small files that users write.
enum ConfigurationFile {
    /// Bytes of a file: 1 MiB.
    static let byteLimit = 1 << 20
    /// Bytes of a file of all authorities that a machine trusts: 16 MiB.
    private static let authoritiesByteLimit = 16 << 20

    /// Reads the authorities that a machine trusts.
    ///
    /// - Throws: `RegistryError` that names the file.
    static func authorities(_ path: String) throws(RegistryError) -> [UInt8] {
        guard let bytes = try read(FilePath(path), limit: authoritiesByteLimit) else {
            throw RegistryError(.invalid, path.printable, "is not there, and would say which authorities to trust")
        }
        return bytes
    }

    /// Reads a file whole; nil if there is none.
    ///
    /// - Throws: `RegistryError` that names the file.
    static func read(_ path: FilePath, limit: Int = byteLimit) throws(RegistryError) -> [UInt8]? {
        let name = path.string
        do {
            let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else {
                // /dev/null and the like stand for nothing.
                return []
            }
            let size = try file.size()
            guard size <= UInt64(limit) else {
                throw RegistryError(.tooLarge, name, "has \(size) bytes, more than \(limit)")
            }
            var bytes = [UInt8](repeating: 0, count: Int(size))
            let count = try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
            return Array(bytes.prefix(count))
        } catch let error as RegistryError {
            throw error
        } catch Errno.noSuchAddressOrDevice {
            return []
        } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
            return nil
        } catch {
            throw RegistryError(.invalid, name, "cannot be read: \(error)")
        }
    }

    /// The names in a directory, sorted; none where there is no directory.
    ///
    /// - Throws: `RegistryError` that names the directory: what cannot be read may forbid something.
    static func names(in directory: FilePath) throws(RegistryError) -> [String] {
        do throws(Errno) {
            let names = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY).entryNames()
            return names.map { String(decoding: $0, as: UTF8.self) }.sorted()
        } catch .noSuchFileOrDirectory {
            return []
        } catch .notDirectory {
            return []
        } catch {
            throw RegistryError(.invalid, directory.string.printable, "cannot be read: \(error)")
        }
    }
}
