// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
import Sigstore
package import SystemPackage
package import Trust

/// The files that say what is trusted, to be changed: what is not meant stays, and a file is replaced whole.
package struct PolicyFile {
    /// The policy's file.
    package let path: FilePath
    private let registries: FilePath
    /// What counts until the file is there.
    private let origin: FilePath?

    /// Names the files that count, or the user's own.
    ///
    /// A user's own policy begins with the machine's: a first change takes no rule away.
    ///
    /// - Throws: `SignatureError` for a user without a home.
    package init(_ settings: TrustSettings, forUser: Bool = false) throws(SignatureError) {
        guard forUser else {
            path = settings.policyPath
            registries = settings.registriesPath
            origin = nil
            return
        }
        guard let policy = settings.userPolicyPath, let directory = settings.userRegistriesPath else {
            throw SignatureError("$HOME", "is not set, so that there are no files of the user's own")
        }
        path = settings.policyFile ?? policy
        registries = settings.registriesDirectory ?? directory
        origin = settings.policyFile == nil ? settings.systemPolicyPath : nil
    }

    /// The file as it is; the policy without a file where there is none.
    package func bytes() throws -> [UInt8] {
        try TrustFile.read(path, limit: Policy.byteLimit) ?? PolicyDocument().text
    }

    /// The policy, to be changed.
    ///
    /// - Throws: `TrustError`: what is no policy is not changed.
    package func document() throws -> PolicyDocument {
        for file in [path, origin].compactMap({ $0 }) {
            guard let bytes = try TrustFile.read(file, limit: Policy.byteLimit) else { continue }
            return try PolicyDocument(json: bytes, name: file.string)
        }
        return PolicyDocument()
    }

    /// A change of a file.
    package struct Change {
        /// The file.
        package var path: FilePath
        /// What is in it; nil for none.
        package var old: [UInt8]?
        /// What shall be in it; nil for none.
        package var new: [UInt8]?
    }

    /// The change that makes the file say what a document says.
    ///
    /// - Throws: `TrustError` for a document that is no policy.
    package func change(to document: PolicyDocument) throws -> Change {
        _ = try Policy(json: document.text, name: path.string)
        return Change(path: path, old: try TrustFile.read(path, limit: Policy.byteLimit), new: document.text)
    }

    /// The file of `registries.d` that is this program's for a scope.
    private func storagePath(_ scope: String) -> FilePath {
        registries.appending(scope.replacing("/", with: "-") + ".yaml")
    }

    /// The change that says where signatures of a scope are.
    ///
    /// - Throws: `SignatureError` where another file says so already.
    package func storageChange(
        _ scope: String, lookaside: String?, staging: String?, attachments: Bool
    ) throws -> Change {
        let path = storagePath(scope)
        for name in try TrustFile.names(in: registries) where name.hasSuffix(".yaml") {
            let other = registries.appending(name)
            guard other != path, let bytes = try TrustFile.read(other, limit: TrustFile.configurationByteLimit) else {
                continue
            }
            var storage = SignatureStorage()
            try storage.add(bytes, name: other.string)
            guard storage.sections[scope] == nil else {
                throw SignatureError(
                    other.string.printable, "says where signatures of \(scope.printable) are; change it there")
            }
        }
        var text = "docker:\n    \(Self.yaml(scope)):\n"
        if let lookaside { text += "        lookaside: \(Self.yaml(lookaside))\n" }
        if let staging { text += "        lookaside-staging: \(Self.yaml(staging))\n" }
        if attachments { text += "        use-sigstore-attachments: true\n" }
        var check = SignatureStorage()
        try check.add(Array(text.utf8), name: path.string)
        return Change(
            path: path, old: try TrustFile.read(path, limit: TrustFile.configurationByteLimit), new: Array(text.utf8))
    }

    /// Whether signatures beside the images of a scope are looked for, as the directory says.
    ///
    /// - Throws: `TrustError` or `SignatureError` that names the file.
    package func looksForAttachments(_ scope: String) throws -> Bool {
        var storage = SignatureStorage()
        for name in try TrustFile.names(in: registries) where name.hasSuffix(".yaml") {
            let path = registries.appending(name)
            guard let bytes = try TrustFile.read(path, limit: TrustFile.configurationByteLimit) else { continue }
            try storage.add(bytes, name: path.string)
        }
        return storage.usesSigstoreAttachments(in: scope)
    }

    /// The change that takes away where signatures of a scope are; nil where this program did not say it.
    package func storageRemoval(_ scope: String) throws -> Change? {
        let path = storagePath(scope)
        guard let old = try TrustFile.read(path, limit: TrustFile.configurationByteLimit) else { return nil }
        return Change(path: path, old: old, new: nil)
    }

    /// The changes that take away all that is said of signatures' places, but `default.yaml`.
    package func storageReset() throws -> [Change] {
        try TrustFile.names(in: registries).filter { $0.hasSuffix(".yaml") && $0 != "default.yaml" }.map { name in
            let path = registries.appending(name)
            return Change(path: path, old: try TrustFile.read(path, limit: TrustFile.configurationByteLimit), new: nil)
        }
    }

    /// A string in double quotes.
    private static func yaml(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    /// Makes a change.
    ///
    /// - Throws: `SignatureError` that names the file.
    package static func make(_ change: Change) throws(SignatureError) {
        guard change.old != change.new else { return }
        guard let new = change.new else { return try TrustFile.remove(change.path) }
        try TrustFile.replace(
            change.path, with: new, hint: geteuid() == 0 ? "" : "; --user changes your own files, not the machine's")
    }
}
