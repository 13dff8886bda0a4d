// SPDX-License-Identifier: Apache-2.0

import OCI

/// An entry of a transparency log, as signatures bring it along.
package struct LogEntry: Sendable, Hashable {
    /// Its number in the log as a whole.
    package var logIndex: Int64
    /// What it calls the log.
    package var logID: [UInt8]
    /// Its kind: `hashedrekord`, `dsse`, `intoto`; empty where only the body says it.
    package var kind: String
    /// The version of its kind.
    package var version: String
    /// When it came in, in seconds since 1970; nil in logs that do not say.
    package var integratedTime: Int64?
    /// The log's signature of the promise to take it in.
    package var promise: [UInt8]?
    /// That it is in the log.
    package var proof: InclusionProof?
    /// What the log has.
    package var body: [UInt8]

    /// Reads the annotation of cosign's first form.
    ///
    /// - Throws: `TrustError`.
    package init(annotation json: [UInt8]) throws(TrustError) {
        let top = try StrictObject(
            StrictObject.value(json, limit: SigstoreAttachment.byteLimit),
            required: ["SignedEntryTimestamp", "Payload"])
        let payload = try top.inner("Payload", required: ["body", "integratedTime", "logIndex", "logID"])
        promise = try top.content("SignedEntryTimestamp")
        body = try payload.content("body")
        guard case .integer(let index)? = payload.members["logIndex"],
            case .integer(let time)? = payload.members["integratedTime"], let id = hexBytes(try payload.text("logID"))
        else { throw TrustError("the log's entry: logIndex, integratedTime or logID cannot be read") }
        (logIndex, integratedTime, logID) = (index, time, id)
        (kind, version) = ("", "")
    }

    /// The annotation of cosign's first form; nil for an entry without promise or time.
    package var annotation: [UInt8]? {
        guard let promise, let integratedTime else { return nil }
        return JSONValue.object([
            "SignedEntryTimestamp": .string(base64Encoded(promise)), "Payload": promised(integratedTime),
        ]).compactJSON()
    }

    private func promised(_ time: Int64) -> JSONValue {
        .object([
            "body": .string(base64Encoded(body)), "integratedTime": .integer(time), "logIndex": .integer(logIndex),
            "logID": .string(hexDigits(logID)),
        ])
    }

    /// Reads an entry of a bundle.
    init(_ value: JSONValue) throws(TrustError) {
        let object = try StrictObject(
            value,
            optional: ["logIndex", "integratedTime", "inclusionPromise", "inclusionProof"],
            required: ["logId", "kindVersion", "canonicalizedBody"])
        logIndex = try object.integer("logIndex") ?? 0
        logID = try object.inner("logId", required: ["keyId"]).content("keyId")
        let kindVersion = try object.inner("kindVersion", required: ["kind", "version"])
        (kind, version) = (try kindVersion.text("kind"), try kindVersion.text("version"))
        let time = try object.integer("integratedTime") ?? 0
        integratedTime = time == 0 ? nil : time
        if object.object("inclusionPromise") != nil {
            promise = try object.inner("inclusionPromise", required: ["signedEntryTimestamp"])
                .content("signedEntryTimestamp")
        }
        if let given = object.object("inclusionProof") {
            let proof = try StrictObject(
                given, optional: ["logIndex", "hashes", "checkpoint"], required: ["rootHash", "treeSize"])
            var hashes: [[UInt8]] = []
            for value in try proof.array("hashes", limit: InclusionProof.hashLimit) {
                guard case .string(let text) = value, let hash = base64Bytes(text) else {
                    throw TrustError("hashes: is not base64")
                }
                hashes.append(hash)
            }
            var checkpoint: String?
            if proof.object("checkpoint") != nil {
                checkpoint = try proof.inner("checkpoint", required: ["envelope"]).text("envelope")
            }
            self.proof = InclusionProof(
                logIndex: try proof.integer("logIndex") ?? 0, rootHash: try proof.content("rootHash"),
                treeSize: try proof.integer("treeSize") ?? 0, hashes: hashes, checkpoint: checkpoint)
        }
        body = try object.content("canonicalizedBody")
    }

    /// The entry as bundles have it.
    var value: JSONValue {
        var members: [String: JSONValue] = [
            "logIndex": .string("\(logIndex)"), "logId": .object(["keyId": .string(base64Encoded(logID))]),
            "kindVersion": .object(["kind": .string(kind), "version": .string(version)]),
            "canonicalizedBody": .string(base64Encoded(body)),
        ]
        if let integratedTime { members["integratedTime"] = .string("\(integratedTime)") }
        if let promise {
            members["inclusionPromise"] = .object(["signedEntryTimestamp": .string(base64Encoded(promise))])
        }
        if let proof {
            var inner: [String: JSONValue] = [
                "logIndex": .string("\(proof.logIndex)"), "rootHash": .string(base64Encoded(proof.rootHash)),
                "treeSize": .string("\(proof.treeSize)"),
                "hashes": .array(proof.hashes.map { .string(base64Encoded($0)) }),
            ]
            if let checkpoint = proof.checkpoint { inner["checkpoint"] = .object(["envelope": .string(checkpoint)]) }
            members["inclusionProof"] = .object(inner)
        }
        return .object(members)
    }

    // MARK: - Checking

    /// Refuses an entry that no trusted log has promised or has, or that describes something else.
    ///
    /// - Returns: the time at which the log took it in, where the log vouches for it.
    func check(_ signed: LoggedSignature, by logs: [TransparencyLog]) throws(TrustError) -> Int64? {
        let known = logs.filter { $0.identifier == logID || $0.key.identifier == logID }
        guard !known.isEmpty else {
            throw TrustError("the log's entry: no key of log \(hexDigits(logID.prefix(32))) is trusted")
        }
        if let integratedTime, promise != nil || proof != nil,
            !known.contains(where: { $0.isValid(at: integratedTime) })
        {
            throw TrustError("the log's entry: the log's key was not in use at the time of the entry")
        }
        guard promise != nil || proof != nil else { throw TrustError("the log's entry: has neither promise nor proof") }
        var time: Int64?
        if let promise {
            guard let integratedTime else { throw TrustError("the log's promise: has no time") }
            let text = promised(integratedTime).compactJSON()
            guard known.contains(where: { $0.isValid(at: integratedTime) && $0.key.isValid(promise, of: text) }) else {
                throw TrustError("the log's promise (SET): is not signed by the log")
            }
            time = integratedTime
        }
        // Without a checkpoint a proof leads to a root that nobody has signed; then the promise alone counts.
        if let proof, proof.checkpoint != nil || promise == nil { try proof.check(body, by: known) }
        try LogEntryBody(body, kind: kind, version: version).check(signed)
        return time
    }
}

/// What an entry of a log must describe: a signature, what it is of, and by whom it is.
struct LoggedSignature {
    /// The signature's bytes.
    var signature: [UInt8]
    /// The key or the certificate, in DER.
    var verifier: [UInt8]
    /// What was signed; nil where only its digest is known.
    var message: [UInt8]?
    /// Its SHA-256.
    var messageDigest: Digest
    /// What is in the envelope, where that was signed.
    var payload: [UInt8]?
}
