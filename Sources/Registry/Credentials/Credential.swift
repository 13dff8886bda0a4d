// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import OCI
import Web

/// What proves to a registry who asks.
package enum Credential: Sendable, Equatable {
    /// A name and a password.
    case password(user: String, password: String)
    /// A token that the registry's token server changes for others (an "identity token").
    case identityToken(String)

    /// Parses `USER:PASSWORD` as given on a command line.
    package init(parsing text: String) throws(FormatError) {
        guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
            throw FormatError("--creds", "is not of the form USER:PASSWORD")
        }
        self = .password(user: String(text[..<colon]), password: String(text[text.index(after: colon)...]))
    }

    /// Decodes the base64 of `USER:PASSWORD`, as in files of credentials; nil if it is something else.
    ///
    /// Line ends are passed over: `base64` breaks lines.
    init?(base64 text: String) {
        let text = String(decoding: text.utf8.filter { $0 != 0x0A && $0 != 0x0D }, as: UTF8.self)
        guard let data = Data(base64Encoded: text), let plain = String(validating: data, as: UTF8.self),
            let colon = plain.firstIndex(of: ":")
        else { return nil }
        // Docker once ended passwords with NULs.
        var password = plain[plain.index(after: colon)...]
        while password.hasSuffix("\0") { password.removeLast() }
        self = .password(user: String(plain[..<colon]), password: String(password))
    }

    /// The base64 of `USER:PASSWORD`; nil for a token.
    package var base64: String? {
        guard case .password(let user, let password) = self else { return nil }
        return Data("\(user):\(password)".utf8).base64EncodedString()
    }
}
