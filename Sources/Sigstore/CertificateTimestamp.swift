// SPDX-License-Identifier: Apache-2.0

import OCI

/// The word of a log of certificates that it has seen one (RFC 6962, section 3.2: SCT).
struct CertificateTimestamp {
    private static let identifier = "1.3.6.1.4.1.11129.2.4.2"

    private var logID: [UInt8]
    private var time: UInt64
    private var extensions: [UInt8]
    private var signature: [UInt8]

    /// Refuses a certificate that no trusted log has seen.
    static func check(
        _ certificate: SignerCertificate, issuer: SignerCertificate, _ logs: [TransparencyLog]
    ) throws(TrustError) {
        guard let value = certificate.value(identifier) else {
            throw TrustError("the certificate has no word of a log of certificates (SCT)")
        }
        guard let list = try DERNode(value).content else { throw TrustError("SCT: cannot be read") }
        let precertificate = try precertificate(certificate)
        let issuerKey = try issuer.key().identifier
        for timestamp in try all(list) where timestamp.isSigned(precertificate, issuerKey, logs) { return }
        throw TrustError("the certificate's SCT is not signed by a trusted log")
    }

    /// The entries of a list in the encoding of TLS.
    private static func all(_ list: [UInt8]) throws(TrustError) -> [CertificateTimestamp] {
        var rest = list[...]
        guard var entries = take(&rest, lengthBytes: 2), rest.isEmpty else { throw TrustError("SCT: cannot be read") }
        var found: [CertificateTimestamp] = []
        while !entries.isEmpty {
            guard found.count < 32, let entry = take(&entries, lengthBytes: 2) else {
                throw TrustError("SCT: cannot be read")
            }
            // Versions that are not known are passed over.
            if let one = CertificateTimestamp(entry) { found.append(one) }
        }
        return found
    }

    private init?(_ bytes: ArraySlice<UInt8>) {
        var rest = bytes
        guard rest.popFirst() == 0, rest.count > 42 else { return nil }
        logID = Array(rest.prefix(32))
        time = rest.dropFirst(32).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(40)
        guard let extensions = Self.take(&rest, lengthBytes: 2) else { return nil }
        self.extensions = Array(extensions)
        // The algorithms: SHA-256 with ECDSA or RSA.
        guard rest.popFirst() == 4, let algorithm = rest.popFirst(), algorithm == 3 || algorithm == 1,
            let signature = Self.take(&rest, lengthBytes: 2), rest.isEmpty
        else { return nil }
        self.signature = Array(signature)
    }

    private static func take(_ rest: inout ArraySlice<UInt8>, lengthBytes: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= lengthBytes else { return nil }
        let count = rest.prefix(lengthBytes).reduce(0) { $0 << 8 | Int($1) }
        rest = rest.dropFirst(lengthBytes)
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// The signed part of a certificate as it was before the log's word was put in.
    private static func precertificate(_ certificate: SignerCertificate) throws(TrustError) -> [UInt8] {
        var content: [UInt8] = []
        for member in try certificate.body.members(atLeast: 7, "certificate") {
            guard member.place == 3, let list = member.children.first else {
                content += member.bytes
                continue
            }
            let kept = list.children.filter { $0.children.first?.objectIdentifier != identifier }
            content += DERNode.encoded(0xA3, DERNode.encoded(0x30, kept.flatMap(\.bytes)))
        }
        return DERNode.encoded(0x30, content)
    }

    private func isSigned(_ precertificate: [UInt8], _ issuerKey: [UInt8], _ logs: [TransparencyLog]) -> Bool {
        func big(_ number: some BinaryInteger, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        var signed: [UInt8] = [0, 0] + big(time, 8) + [0, 1] + issuerKey
        signed += big(precertificate.count, 3) + precertificate
        signed += big(extensions.count, 2) + extensions
        let seconds = Int64(clamping: time / 1000)
        return logs.contains { log in
            log.identifier == logID && log.isValid(at: seconds) && log.key.isValid(signature, of: signed)
        }
    }
}
