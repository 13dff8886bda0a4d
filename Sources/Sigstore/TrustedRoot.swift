// SPDX-License-Identifier: Apache-2.0

import OCI

/// Whose word counts in an instance of sigstore: the content of `trusted_root.json`.
package struct TrustedRoot: Sendable, Hashable {
    /// The most bytes of one: 4 MiB.
    package static let byteLimit = 4 << 20

    /// The logs of signatures.
    package var logs: [TransparencyLog] = []
    /// The logs of certificates.
    package var certificateLogs: [TransparencyLog] = []
    /// Who makes certificates.
    package var authorities: [CertificateAuthority] = []
    /// Who makes timestamps.
    package var timestampAuthorities: [CertificateAuthority] = []

    /// Reads a file.
    ///
    /// Keys of kinds that are not known are passed over: nobody trusts them.
    /// - Throws: `TrustError`.
    package init(json: [UInt8]) throws(TrustError) {
        let object = try StrictObject(StrictObject.value(json, limit: Self.byteLimit), optional: nil)
        let type = try object.text("mediaType")
        let types = ["+json;version=0.1", ".v0.1+json", ".v0.2+json"]
        guard types.contains(where: { type == "application/vnd.dev.sigstore.trustedroot\($0)" }) else {
            throw TrustError("unsupported trusted root \(quoted(type))")
        }
        for value in try object.array("tlogs", limit: 64) {
            if let log = try Self.log(value) { logs.append(log) }
        }
        for value in try object.array("ctlogs", limit: 64) {
            if let log = try Self.log(value) { certificateLogs.append(log) }
        }
        for value in try object.array("certificateAuthorities", limit: 64) {
            authorities.append(try Self.authority(value))
        }
        for value in try object.array("timestampAuthorities", limit: 64) {
            timestampAuthorities.append(try Self.authority(value))
        }
    }

    private static func log(_ value: JSONValue) throws(TrustError) -> TransparencyLog? {
        let object = try StrictObject(value, optional: nil)
        let key = try object.inner("publicKey", optional: nil)
        let (start, end) = try period(key)
        guard let start else { throw TrustError("a log's key without the start of its validity") }
        let bytes = try key.content("rawBytes")
        // A kind that is not known.
        guard let parsed = try? SigstoreKey(der: bytes) else { return nil }
        var log = TransparencyLog(key: parsed)
        (log.start, log.end) = (start, end)
        if object.object("logId") != nil {
            log.identifier = try object.inner("logId", optional: nil).content("keyId")
        }
        if let address = try object.string("baseUrl"), let range = address.firstRange(of: "://") {
            log.name = String(address[range.upperBound...].prefix { $0 != "/" })
        }
        return log
    }

    private static func authority(_ value: JSONValue) throws(TrustError) -> CertificateAuthority {
        let object = try StrictObject(value, optional: nil)
        var chain: [[UInt8]] = []
        let certificates = try object.inner("certChain", optional: nil).array("certificates", limit: 16)
        for value in certificates { chain.append(try StrictObject(value, optional: nil).content("rawBytes")) }
        let (start, end) = try period(object)
        return try CertificateAuthority(chain: chain, start: start, end: end)
    }

    private static func period(_ object: StrictObject) throws(TrustError) -> (start: Int64?, end: Int64?) {
        guard object.object("validFor") != nil else { return (nil, nil) }
        let period = try object.inner("validFor", optional: nil)
        return (try time(period, "start"), try time(period, "end"))
    }

    private static func time(_ period: StrictObject, _ key: String) throws(TrustError) -> Int64? {
        // Null is what is not said.
        guard period.object(key) != nil, let text = try period.string(key) else { return nil }
        guard let moment = Moment(parsing: text) else { throw TrustError("\(key): is no time") }
        return moment.seconds
    }
}
