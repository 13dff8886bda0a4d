// SPDX-License-Identifier: Apache-2.0

package import OCI

/// An image as a policy knows it: what its rules are looked up by, and what its signatures must be for.
package struct PolicySubject: Sendable, Hashable {
    /// The transport's name in policies: `docker`, `oci`, `dir`.
    package var transport: String
    /// The image for messages: `docker://quay.io/app/web:1.4`.
    package var name: String
    /// What the user calls it, where it has the name of an image of a registry.
    package var reference: Reference?
    /// The scopes that are looked up, the most specific first; the transport's default and the policy's come after them.
    package var scopes: [String]

    /// Makes a subject.
    package init(transport: String, name: String, reference: Reference? = nil, scopes: [String]) {
        self.transport = transport
        self.name = name
        self.reference = reference
        self.scopes = scopes
    }

    /// An image of a registry.
    ///
    /// - Parameter reference: as the user means it, mirrors left aside; a tag beside a digest does not count.
    package static func docker(_ reference: Reference) -> PolicySubject {
        let reference = normal(reference)
        return PolicySubject(
            transport: "docker", name: "docker://\(reference)", reference: reference, scopes: scopes(of: reference))
    }

    /// An image in a file or directory of this machine.
    ///
    /// - Parameters:
    ///   - transport: what policies call its form: `oci`, `dir`.
    ///   - name: the image for messages.
    ///   - path: absolute, without symbolic links, `.` and `..`.
    package static func path(transport: String, name: String, path: String) -> PolicySubject {
        var scopes = [path]
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/"), slash != rest.startIndex {
            rest = rest[..<slash]
            scopes.append(String(rest))
        }
        return PolicySubject(transport: transport, name: name, scopes: scopes.filter { $0 != "/" })
    }

    /// An image whose transport knows no scopes.
    package static func unscoped(transport: String, name: String) -> PolicySubject {
        PolicySubject(transport: transport, name: name, scopes: [])
    }

    /// An image of Docker's storage.
    package static func dockerDaemon(_ reference: Reference?, name: String) -> PolicySubject {
        guard let reference else { return unscoped(transport: "docker-daemon", name: name) }
        let normal = normal(reference)
        return PolicySubject(transport: "docker-daemon", name: name, reference: normal, scopes: scopes(of: normal))
    }

    /// An image of podman's storage.
    ///
    /// - Parameters:
    ///   - reference: its name; nil for an image without one.
    ///   - identifier: the image's number.
    ///   - store: the storage: `overlay@/var/lib/containers/storage`.
    ///   - name: the image for messages.
    package static func containersStorage(
        _ reference: Reference?, identifier: String, store: String, name: String
    ) -> PolicySubject {
        let root = store.split(separator: "@", maxSplits: 1).last.map(String.init) ?? store
        var scopes: [String] = []
        if let reference {
            scopes.append("[\(store)]\(reference)@\(identifier)")
            scopes += Self.scopes(of: reference).map { "[\(store)]\($0)" }
        } else {
            scopes.append("[\(store)]@\(identifier)")
        }
        scopes += ["[\(store)]", "[\(root)]"]
        return PolicySubject(transport: "containers-storage", name: name, reference: reference, scopes: scopes)
    }

    private static func normal(_ reference: Reference) -> Reference {
        var reference = reference.withDefaultTag
        if reference.digest != nil { reference.tag = nil }
        return reference
    }

    /// A scope of images of registries and those that it lies in, the most specific first.
    static func wider(_ scope: String) -> [String] {
        // What is no name is a host or a domain.
        if scope.contains("/"), let reference = try? Reference(parsing: scope) {
            return [scope] + scopes(of: reference)
        }
        var scopes = [scope]
        var host = (scope.hasPrefix("*.") ? scope.dropFirst(2) : scope[...]).prefix { $0 != ":" && $0 != "/" }
        while let dot = host.firstIndex(of: ".") {
            host = host[host.index(after: dot)...]
            scopes.append("*.\(host)")
        }
        return scopes
    }

    /// The scopes of a name: itself, its repository, the namespaces, the host, wildcards of its domains.
    static func scopes(of reference: Reference) -> [String] {
        var scopes = ["\(reference)"]
        var rest = "\(reference.registry)/\(reference.repository)"[...]
        while true {
            scopes.append(String(rest))
            guard let slash = rest.lastIndex(of: "/") else { break }
            rest = rest[..<slash]
        }
        var host = reference.registry.prefix { $0 != ":" }
        while let dot = host.firstIndex(of: ".") {
            host = host[host.index(after: dot)...]
            scopes.append("*.\(host)")
        }
        return scopes
    }
}
