// SPDX-License-Identifier: Apache-2.0

import OCI

extension TemplateFunction {
    // MARK: - Parts

    /// What is at a list's positions and a map's keys.
    static func index(
        _ value: TemplateValue, _ keys: ArraySlice<TemplateValue>
    ) throws(TemplateError) -> TemplateValue {
        var value = value
        for key in keys {
            switch (value, key) {
            case (.list(let values), .integer(let position)):
                guard let found = Int(exactly: position), values.indices.contains(found) else {
                    throw TemplateError("index: there is no \(position) in a list of \(values.count)")
                }
                value = values[found]
            case (.string(let text), .integer(let position)):
                guard let offset = Int(exactly: position), (0..<text.utf8.count).contains(offset) else {
                    throw TemplateError("index: there is no \(position) in a text of \(text.utf8.count) bytes")
                }
                value = .integer(Int64(text.utf8[text.utf8.index(text.utf8.startIndex, offsetBy: offset)]))
            case (.map(let map), .string(let name)):
                value = map.members[name] ?? (map.isOfStrings ? .string("") : .none)
            case (.record(let record), .string(let name)):
                guard let found = record[name] else {
                    throw TemplateError("index: there is no field \"\(name.printable)\"")
                }
                value = found
            case (.nilList, .integer(let position)):
                throw TemplateError("index: there is no \(position) in a list of 0")
            case (.list, _), (.nilList, _), (.string, _):
                throw TemplateError("index: a list wants a whole number, not \(key.kind)")
            case (.map, _), (.record, _): throw TemplateError("index: a map wants a text, not \(key.kind)")
            default: throw TemplateError("index: \(value.kind) has no parts")
            }
        }
        return value
    }

    /// A part of a list or of a text's bytes.
    static func slice(
        _ value: TemplateValue, _ bounds: ArraySlice<TemplateValue>
    ) throws(TemplateError) -> TemplateValue {
        let count: Int
        switch value {
        case .list(let values): count = values.count
        case .nilList: count = 0
        case .string(let text): count = text.utf8.count
        default: throw TemplateError("slice: \(value.kind) has no parts")
        }
        var limits: [Int] = []
        for bound in bounds {
            guard case .integer(let number) = bound else {
                throw TemplateError("slice: wants whole numbers, not \(bound.kind)")
            }
            guard let limit = Int(exactly: number), (0...count).contains(limit) else {
                throw TemplateError("slice: \(number) is not within 0 to \(count)")
            }
            limits.append(limit)
        }
        let (start, end) = (limits.first ?? 0, limits.count > 1 ? limits[1] : count)
        guard start <= end else { throw TemplateError("slice: \(start) is behind \(end)") }
        switch value {
        case .list(let values): return .list(Array(values[start..<end]))
        case .string(let text):
            return .string(String(decoding: Array(text.utf8.dropFirst(start).prefix(end - start)), as: UTF8.self))
        default: return value
        }
    }

    /// How many bytes, elements or members.
    static func length(_ value: TemplateValue) throws(TemplateError) -> Int {
        switch value {
        case .string(let text): return text.utf8.count
        case .list(let values): return values.count
        case .nilList: return 0
        case .map(let map): return map.members.count
        default: throw TemplateError("len: \(value.kind) has no length")
        }
    }

    // MARK: - Comparisons

    private func failure(_ one: TemplateValue, _ other: TemplateValue) -> TemplateError {
        TemplateError("\(rawValue): \(one.kind) cannot be compared with \(other.kind)")
    }

    /// Whether two values are the same.
    func equal(_ one: TemplateValue, _ other: TemplateValue) throws(TemplateError) -> Bool {
        switch (one, other) {
        case (.bool(let one), .bool(let other)): return one == other
        case (.integer(let one), .integer(let other)): return one == other
        case (.number(let one), .number(let other)): return one == other
        case (.string(let one), .string(let other)): return one.utf8.elementsEqual(other.utf8)
        case (.none, .none), (.nilPointer, .nilPointer), (.none, .nilPointer), (.nilPointer, .none): return true
        case (.list, _), (.nilList, _), (.map, _), (.record, _), (_, .list), (_, .nilList), (_, .map), (_, .record):
            throw failure(one, other)
        case (.none, _), (.nilPointer, _), (_, .none), (_, .nilPointer): return false
        default: throw failure(one, other)
        }
    }

    /// Whether one value comes before another.
    func less(_ one: TemplateValue, _ other: TemplateValue) throws(TemplateError) -> Bool {
        switch (one, other) {
        case (.integer(let one), .integer(let other)): return one < other
        case (.number(let one), .number(let other)): return one < other
        case (.string(let one), .string(let other)): return one.utf8.lexicographicallyPrecedes(other.utf8)
        default: throw failure(one, other)
        }
    }
}
