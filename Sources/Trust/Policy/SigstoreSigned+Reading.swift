// SPDX-License-Identifier: Apache-2.0

import OCI
import Sigstore

extension SigstoreSigned {
    private static let keyMembers = ["keyPath", "keyPaths", "keyData", "keyDatas"]
    private static let rekorMembers = [
        "rekorPublicKeyPath", "rekorPublicKeyPaths", "rekorPublicKeyData", "rekorPublicKeyDatas",
    ]

    /// Reads a requirement.
    init(_ value: JSONValue) throws(TrustError) {
        let known = Self.keyMembers + Self.rekorMembers + ["type", "fulcio", "pki", "signedIdentity"]
        let object = try StrictObject(value, optional: Set(known))
        let identity = try object.members["signedIdentity"].map { (value) throws(TrustError) in
            try SignedIdentity(value)
        }
        let keys = try Self.sources(object, Self.keyMembers)
        let rekor = try Self.sources(object, Self.rekorMembers)
        let fulcio = try object.members["fulcio"].map { (value) throws(TrustError) in try Fulcio(value) }
        let pki = try object.members["pki"].map { (value) throws(TrustError) in try PKI(value) }
        guard keys.count + (fulcio == nil ? 0 : 1) + (pki == nil ? 0 : 1) == 1 else {
            throw TrustError("exactly one of keyPath, keyPaths, keyData, keyDatas, fulcio, and pki must be specified")
        }
        let names = "rekorPublickeyPath, rekorPublicKeyPaths, rekorPublickeyData and rekorPublicKeyDatas"
        guard rekor.count < 2 else { throw TrustError("at most one of \(names) can be used simultaneously") }
        if fulcio != nil, rekor.isEmpty {
            throw TrustError("At least one of \(names) must be specified if fulcio is used")
        }
        if pki != nil, !rekor.isEmpty { throw TrustError("\(names) cannot be used together with pki") }
        rekorKeys = rekor.first
        self.identity = identity ?? .matchRepoDigestOrExact
        if let fulcio {
            signers = .fulcio(fulcio)
        } else if let pki {
            signers = .pki(pki)
        } else {
            signers = .keys(keys.first ?? .paths([]))
        }
    }

    /// The keys that are given, by their four ways of being given: a path, paths, bytes, several runs of bytes.
    private static func sources(_ object: StrictObject, _ members: [String]) throws(TrustError) -> [KeySource] {
        var sources: [KeySource] = []
        if let path = try object.string(members[0]), !path.isEmpty { sources.append(.paths([path])) }
        if let paths = try object.strings(members[1]) {
            guard !paths.isEmpty else { throw TrustError("\(quoted(members[1])) contains no entries") }
            sources.append(.paths(paths))
        }
        if let data = try object.bytes(members[2]) { sources.append(.data([data])) }
        if let runs = try object.byteRuns(members[3]) {
            guard !runs.isEmpty else { throw TrustError("\(quoted(members[3])) contains no entries") }
            sources.append(.data(runs))
        }
        return sources
    }
}

/// What is either in a file or in the policy; nil for neither.
private func certificates(_ object: StrictObject, _ path: String, _ data: String) throws(TrustError) -> KeySource? {
    let file = try object.string(path).flatMap { $0.isEmpty ? nil : $0 }
    let bytes = try object.bytes(data)
    if file != nil, bytes != nil { throw TrustError("\(path) and \(data) cannot be used simultaneously") }
    return file.map { .paths([$0]) } ?? bytes.map { .data([$0]) }
}

extension SigstoreSigned.Fulcio {
    fileprivate init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(value, optional: ["caPath", "caData", "oidcIssuer", "subjectEmail"])
        guard let authority = try certificates(object, "caPath", "caData") else {
            throw TrustError("At least one of caPath and caData must be specified")
        }
        guard let issuer = try object.string("oidcIssuer"), !issuer.isEmpty else {
            throw TrustError("oidcIssuer not specified")
        }
        guard let email = try object.string("subjectEmail"), !email.isEmpty else {
            throw TrustError("subjectEmail not specified")
        }
        self.authority = authority
        oidcIssuer = issuer
        subjectEmail = email
    }
}

extension SigstoreSigned.PKI {
    fileprivate init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(
            value,
            optional: [
                "caRootsPath", "caRootsData", "caIntermediatesPath", "caIntermediatesData", "subjectEmail",
                "subjectHostname",
            ])
        guard let roots = try certificates(object, "caRootsPath", "caRootsData") else {
            throw TrustError("At least one of caRootsPath and caRootsData must be specified")
        }
        self.roots = roots
        intermediates = try certificates(object, "caIntermediatesPath", "caIntermediatesData")
        subjectEmail = try object.string("subjectEmail").flatMap { $0.isEmpty ? nil : $0 }
        subjectHostname = try object.string("subjectHostname").flatMap { $0.isEmpty ? nil : $0 }
        guard subjectEmail != nil || subjectHostname != nil else {
            throw TrustError("At least one of subjectEmail, subjectHostname must be specified")
        }
    }
}
