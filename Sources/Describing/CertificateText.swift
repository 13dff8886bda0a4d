// SPDX-License-Identifier: Apache-2.0

import OCI
import Packages
import Sigstore

/// Certificates: what each says, sorted, as the order in a bundle says nothing.
enum CertificateText {
    /// Bytes of a certificate.
    private static let byteLimit = 64 << 10
    /// Certificates of a file.
    private static let countLimit = 10_000

    /// Describes a file that is one certificate in DER; nil for anything else.
    static func der(_ file: RecordFile, _ start: [UInt8], _ budget: inout Description.Budget) -> Description? {
        // A sequence with a length of two bytes.
        guard start.starts(with: [0x30, 0x82]), file.size <= UInt64(byteLimit), budget.take(file.size),
            // What is none is described as other bytes are.
            let bytes = try? file.bytes(at: 0, Int(file.size), of: "certificate"),
            let text = try? describe(bytes)  // As above.
        else { return nil }
        return Description("certificate", Array(text.utf8))
    }

    /// Describes a text that has certificates, and nothing else but comments; nil for any other.
    static func pem(_ text: [UInt8]) -> Description? {
        guard text.firstRange(of: Array("-----BEGIN ".utf8)) != nil else { return nil }
        var found: [String] = []
        var content: [UInt8]?
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if content != nil {
                if line.elementsEqual("-----END CERTIFICATE-----".utf8) {
                    // A text that is none is compared as text.
                    guard found.count < countLimit, let bytes = Base64.decoded(content ?? []),
                        let text = try? describe(bytes)  // As above.
                    else { return nil }
                    found.append(text)
                    content = nil
                } else {
                    content?.append(contentsOf: line)
                    guard content?.count ?? 0 <= 2 * byteLimit else { return nil }
                }
            } else if line.elementsEqual("-----BEGIN CERTIFICATE-----".utf8) {
                content = []
            } else if line.first != UInt8(ascii: "#"), !line.allSatisfy({ $0 == 0x20 }) {
                return nil
            }
        }
        guard content == nil, !found.isEmpty else { return nil }
        return Description("certificates", Array(found.sorted().joined().utf8))
    }

    private static func describe(_ der: [UInt8]) throws(TrustError) -> String {
        let facts = try CertificateFacts(der)
        var text = "subject: \(facts.subject.printable)\n"
        text += "  issuer: \(facts.issuer.printable)\n"
        text += "  valid: \(Moment(seconds: facts.begin).rfc3339) to \(Moment(seconds: facts.end).rfc3339)\n"
        text += "  serial: \(facts.serial)\n"
        if facts.isAuthority { text += "  makes other certificates\n" }
        for name in facts.names.prefix(1000) { text += "  for: \(name.printable)\n" }
        return text + "  sha256:\(Digest(of: der).hex)\n"
    }
}
