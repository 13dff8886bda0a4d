// SPDX-License-Identifier: Apache-2.0

/// A document or a name that is not what it should be.
package struct FormatError: Error, Equatable, CustomStringConvertible {
    /// What was read: `manifest sha256:…`, `platform "linux"`.
    package let object: String
    /// Where in it: a JSON path such as `layers[0].size`; nil where the whole is meant.
    package let place: String?
    /// What is wrong.
    package let cause: String

    /// The name of a member that an object has twice; nil for any other cause.
    package let repeatedName: String?

    /// Makes an error.
    package init(_ object: String, at place: String? = nil, _ cause: String, repeatedName: String? = nil) {
        self.object = object
        self.place = place
        self.cause = cause
        self.repeatedName = repeatedName
    }

    package var description: String {
        [object, place, cause].compactMap { $0 }.joined(separator: ": ")
    }
}

extension FormatError {
    /// Makes an error of what a decoder threw.
    init(_ object: String, decoding error: any Error) {
        guard let error = error as? DecodingError else {
            self.init(object, "\(error)".printable)
            return
        }
        switch error {
        case .keyNotFound(let key, let context):
            self.init(object, at: Self.path(context.codingPath + [key]), "is missing")
        case .valueNotFound(_, let context):
            self.init(object, at: Self.path(context.codingPath), "is null")
        case .typeMismatch(let type, let context):
            self.init(object, at: Self.path(context.codingPath), "is not \(Self.name(of: type))")
        case .dataCorrupted(let context):
            self.init(object, at: Self.path(context.codingPath), Self.sentence(context))
        @unknown default:
            self.init(object, "\(error)".printable)
        }
    }

    private static func sentence(_ context: DecodingError.Context) -> String {
        let cause = context.underlyingError.map { "\($0)" } ?? context.debugDescription
        let text = cause.hasSuffix(".") ? String(cause.dropLast()) : cause
        return text.printable
    }

    private static func path(_ keys: [any CodingKey]) -> String? {
        guard !keys.isEmpty else { return nil }
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue.printable
            }
        }
        return path
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is any BinaryInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Bool.Type: "true or false"
        case is any Sequence.Type where "\(type)".hasPrefix("Array"): "an array"
        default: "an object"
        }
    }
}
