// SPDX-License-Identifier: Apache-2.0

/// What a `Link` field of an answer says (RFC 8288), as far as lists in pages need it.
enum LinkField {
    /// The target of `<TARGET>; rel="next"`; nil for another link.
    static func next(in field: String) -> String? {
        guard field.hasPrefix("<"), let end = field.firstIndex(of: ">") else { return nil }
        guard field[end...].replacing(" ", with: "").replacing("\"", with: "").contains("rel=next") else { return nil }
        return String(field[field.index(after: field.startIndex)..<end])
    }
}
