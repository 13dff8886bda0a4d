// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import LinuxIO
import OCI
package import SystemPackage

/// Keeping and forgetting credentials: a helper where the file names one, otherwise the file itself.
package struct Login: Sendable {
    /// The file that is read and written.
    package let file: FilePath

    /// Works on a file of credentials, `auth.json` or `config.json`.
    package init(file: FilePath) { self.file = file }

    /// Keeps a user and password for a registry.
    ///
    /// - Returns: where it is kept, for people.
    /// - Throws: `RegistryError` or `FormatError`; the file is as it was then.
    package func store(host: String, user: String, password: String) throws -> String {
        let server = CredentialFile.spellings(of: host)[0]
        if case .helper(let name, _)? = try CredentialFile(file)?.find(host: host, repository: "") {
            try CredentialHelper(name).store(server, user: user, password: password)
            return "docker-credential-\(name)"
        }
        try change { members in
            var auths: [String: JSONValue] = [:]
            if case .object(let found)? = members["auths"] { auths = found }
            let secret = Credential.password(user: user, password: password).base64 ?? ""
            auths[server] = .object(["auth": .string(secret)])
            members["auths"] = .object(auths)
            return true
        }
        return file.string
    }

    /// Forgets what is known of a registry; false if nothing is.
    package func erase(host: String) throws -> Bool {
        if case .helper(let name, let server)? = try CredentialFile(file)?.find(host: host, repository: "") {
            guard try CredentialHelper(name).get(server) != nil else { return false }
            try CredentialHelper(name).erase(server)
            return true
        }
        return try change { members in
            guard case .object(var auths)? = members["auths"] else { return false }
            let before = auths.count
            for name in CredentialFile.spellings(of: host) { auths[name] = nil }
            members["auths"] = .object(auths)
            return auths.count < before
        }
    }

    /// Changes the file's members if `change` returns true: what cimg knows nothing of stays.
    ///
    /// The new file is written beside the old one, for its owner only, and takes its place. Who changes it waits for
    /// others of cimg who do: on the lock of a file beside it, which stays.
    @discardableResult
    private func change(_ change: (inout [String: JSONValue]) -> Bool) throws -> Bool {
        // Nothing is made where nothing is to be changed.
        var members = try members()
        guard change(&members) else { return false }
        do {
            guard let name = file.lastComponent?.bytes else { throw Errno.isDirectory }
            let parent = file.removingLastComponent()
            let directory = try Descriptor.openDirectory(parent.isEmpty ? "." : parent, making: 0o700)
            let lock = try Self.openLock(of: name, in: directory)
            try lock.lock(exclusive: true)
            defer { withExtendedLifetime(lock) {} }
            members = try self.members()
            guard change(&members) else { return false }
            try Self.checkReplaceable(name, in: directory)
            try directory.replaceEntry(name, mode: 0o600) { new in
                try Self.keepOwner(of: directory, new)
                try new.write(try Self.text(members))
            }
            try directory.synchronizeDirectory()
        } catch let error as Errno {
            throw RegistryError(.invalid, file.string, "cannot be written: \(error)")
        }
        return true
    }

    private func members() throws -> [String: JSONValue] {
        guard let bytes = try ConfigurationFile.read(file), !bytes.allSatisfy({ " \t\r\n".utf8.contains($0) }) else {
            return [:]
        }
        return try decode([String: JSONValue].self, bytes, name: file.string, limit: ConfigurationFile.byteLimit)
    }

    private static func text(_ members: [String: JSONValue]) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(members)) + Array("\n".utf8)
    }

    /// Refuses to take the place of a device: `/dev/null` stands for a file without credentials.
    private static func checkReplaceable(_ name: [UInt8], in directory: Descriptor) throws(Errno) {
        do throws(Errno) {
            let type = try directory.entryStatus(name).st_mode & S_IFMT
            guard type == S_IFREG || type == S_IFLNK else { throw .fileExists }
        } catch .noSuchFileOrDirectory {}
    }

    /// Opens the file beside a file of credentials whose lock they are changed under, making it where it is missing.
    ///
    /// The owner of the directory may have put another file there, which is not root's to give away.
    private static func openLock(of name: [UInt8], in directory: Descriptor) throws(Errno) -> Descriptor {
        let lockName = Array(".".utf8) + name + Array(".lock".utf8)
        do throws(Errno) {
            let made = try directory.openBeneath(lockName, O_RDWR | O_CREAT | O_EXCL, mode: 0o600)
            try keepOwner(of: directory, made)
            return made
        } catch .fileExists {
            return try directory.openBeneath(lockName, O_RDWR | O_NONBLOCK)
        }
    }

    /// Gives a file that root has just made in somebody else's directory to that user, who could not read it otherwise.
    private static func keepOwner(of directory: Descriptor, _ file: Descriptor) throws(Errno) {
        let status = try directory.status()
        guard geteuid() == 0, try file.status().st_uid != status.st_uid else { return }
        try file.setEntryOwner([], user: status.st_uid, group: status.st_gid)
    }
}
