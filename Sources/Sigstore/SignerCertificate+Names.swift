// SPDX-License-Identifier: Apache-2.0

import OCI
import SwiftASN1

extension SignerCertificate {
    /// Kinds of names.
    enum NameKind: Sendable {
        case email
        case uri
        case host
        case other
    }

    /// The name of a user that is no mail address (Fulcio).
    private static let userName = "1.3.6.1.4.1.57264.1.7"

    /// The names that the certificate is for: mail addresses, addresses, hosts, and names of other kinds as text.
    var names: [(kind: NameKind, text: String)] {
        // What cannot be read names nobody.
        guard let value = value(CertificateExtension.alternativeNames), let list = try? DERNode(value) else {
            return []
        }
        return list.children.compactMap { name in
            let text = name.content.map { String(decoding: $0, as: UTF8.self) }
            switch (name.place, text) {
            case (1, let text?): return (.email, text)
            case (2, let text?): return (.host, text)
            case (6, let text?): return (.uri, text)
            case (0, nil):
                guard name.children.count == 2, name.children[0].objectIdentifier == Self.userName,
                    let inner = name.children[1].children.first, inner.isA(.utf8String), let content = inner.content
                else { return nil }
                return (.other, String(decoding: content, as: UTF8.self))
            default: return nil
            }
        }
    }

    /// Who vouched for the signer, by either of the two extensions of Fulcio, which must agree.
    func issuer() throws(TrustError) -> String? {
        let old = value("1.3.6.1.4.1.57264.1.1").map { String(decoding: $0, as: UTF8.self) }
        guard let bytes = value("1.3.6.1.4.1.57264.1.8") else { return old }
        let node = try DERNode(bytes)
        guard node.isA(.utf8String), let content = node.content else {
            throw TrustError("a certificate whose issuer of identities cannot be read")
        }
        let new = String(decoding: content, as: UTF8.self)
        guard old == nil || old == new else {
            throw TrustError("a certificate with two issuers of identities, \(quoted(old ?? "")) and \(quoted(new))")
        }
        return new
    }
}
