// SPDX-License-Identifier: Apache-2.0

package import Console
import Engines
import LayerStore
package import OCI
import Transports

extension Store {
    /// The names as the store has them: `name` stands for `name:latest` too.
    ///
    /// - Throws: `CommandError` for one that it does not have.
    package func knownNames(_ names: [String]) throws -> [String] {
        let known = Set(try references().map(\.name))
        return try names.map { name in
            guard let match = [name, "\(name):latest"].first(where: known.contains) else {
                throw CommandError.unknownImage(name)
            }
            return match
        }
    }

    /// Names an image as the user wants, and tells if the name meant another image before.
    ///
    /// - Throws: also for a name that reads as a source or a digest, which could never be told from one.
    package func name(_ name: String, _ digest: Digest, telling place: StorePlace) throws {
        try ImageName.check(name)
        let before = try references().first { $0.name == name }?.descriptor.digest
        try setReference(name, to: digest)
        if let before, before != digest { StandardError.print("cimg: \(name): named \(before) before") }
        place.tell("\(name): names \(digest)")
    }
}

/// Names that users, or sources, give to images.
package enum ImageName {
    /// Checks a name.
    package static func check(_ name: String) throws {
        try Store.checkName(name)
        guard let meaning = meaning(of: name) else { return }
        throw CommandError("name \"\(name)\": reads as \(meaning), choose another")
    }

    /// What else a name would be taken for; nil for one that is nothing but a name.
    private static func meaning(of name: String) -> String? {
        let prefix = String(name.prefix { $0 != ":" })
        if prefix.count < name.count {
            if ImageLocation.Transport(rawValue: prefix) != nil || name.hasPrefix("docker://") { return "a source" }
            if prefix == "upper" { return "an upper directory" }
        }
        if let (kind, isImage, _) = EngineKind.prefixed(name) {
            if kind == .process { return "a process" }
            return isImage ? "an engine's image" : "an engine's container"
        }
        if name.hasPrefix("sha256:") || Digest(hex: name) != nil { return "a digest" }
        let isFile = [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.bz2"].contains { name.hasSuffix($0) }
        return isFile ? "a file (a source begins with oci-archive: or docker-archive:)" : nil
    }
}

extension CommandError {
    /// The store has no image of a name.
    package static func unknownImage(_ name: String) -> CommandError {
        CommandError("\"\(name.printable)\": no image of this name in the store; \"cimg images\" lists them")
    }

    /// The store has no image of a name that may be one of another place.
    package static func unknownSource(_ name: String) -> CommandError {
        if let guess = sourceGuess(name) {
            return CommandError(
                "\"\(name.printable)\": no image of this name in the store; did you mean \(guess.printable)?")
        }
        // What is no name of a registry gets no hint.
        let isName = (try? Reference(parsing: name)) != nil
        return CommandError(
            "\"\(name.printable)\": no image of this name in the store; \"cimg images\" lists them"
                + (isName ? "; one of a registry is docker://\(name.printable)" : ""))
    }
}
