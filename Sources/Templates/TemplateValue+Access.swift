// SPDX-License-Identifier: Apache-2.0

import OCI

extension TemplateValue {
    /// Whether `if` takes it for true: what is not empty and not zero.
    var isTrue: Bool {
        switch self {
        case .none, .nilPointer, .nilList: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let text): !text.isEmpty
        case .list(let values): !values.isEmpty
        case .map(let map): !map.members.isEmpty
        case .record: true
        }
    }

    /// What it is, for errors.
    var kind: String {
        switch self {
        case .none: "nothing"
        case .nilPointer: "an object that is not there"
        case .bool: "true or false"
        case .integer: "a whole number"
        case .number: "a number with a fraction"
        case .string: "a text"
        case .list, .nilList: "a list"
        case .map: "a map"
        case .record: "an object"
        }
    }

    /// What `.A.B` leads to.
    ///
    /// - Throws: `TemplateError` for what an object does not have; it names what there is.
    package func fields(
        _ names: [String], _ missingKeys: Template.MissingKeys = .areShown
    ) throws(TemplateError) -> TemplateValue {
        var value = self
        for (index, name) in names.enumerated() {
            switch value {
            case .none: return .none
            case .record(let record):
                guard let found = record[name] else {
                    let known = record.fields.map(\.name).joined(separator: ", ")
                    throw TemplateError(
                        "there is no field \"\(name.printable)\""
                            + (known.isEmpty ? "" : "; there are \(known)"))
                }
                value = found
            case .map(let map):
                let isLast = index == names.count - 1
                if let found = map.members[name], isLast || found.hasFields {
                    value = found
                } else if let found = map.members[names[index...].joined(separator: ".")] {
                    // Keys of labels have dots; where no key fits, all that is behind is one.
                    return found
                } else if let found = map.members[name] {
                    value = found
                } else {
                    guard missingKeys == .areErrors else { return .none }
                    let known = map.sorted.prefix(30).map(\.key.printable).joined(separator: ", ")
                    throw TemplateError("there is no key \"\(name.printable)\"; there are \(known)")
                }
            default:
                throw TemplateError("\(value.kind) has no field \"\(name.printable)\"")
            }
        }
        return value
    }

    /// The value printed for itself: a text as it is, a list of texts line by line, nothing for nothing, all else as JSON.
    package var text: String {
        switch self {
        case .string(let text): return TemplatePrinting.shown(text)
        case .none, .nilPointer, .nilList: return ""
        case .list(let values):
            var lines: [String] = []
            for value in values {
                guard case .string(let text) = value else { return TemplateJSON.text(self) }
                lines.append(TemplatePrinting.shown(text))
            }
            return lines.joined(separator: "\n")
        case .map(let map) where map.isNil: return ""
        default: return TemplateJSON.text(self)
        }
    }

    /// The value as JSON in one line.
    package var json: String { TemplateJSON.text(self) }

    /// Whether fields can be asked of it.
    private var hasFields: Bool {
        switch self {
        case .map, .record: true
        default: false
        }
    }
}
