// SPDX-License-Identifier: Apache-2.0

/// The functions that templates may call.
enum TemplateFunction: String, CaseIterable {
    case index, slice, len, and, or, not, eq, ne, lt, le, gt, ge, print, printf, println
    case json, join, split, upper, lower, title, truncate, pad

    /// Their names, for errors.
    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// How many values each takes.
    private var counts: ClosedRange<Int> {
        switch self {
        case .print, .println: 0...Int.max
        case .index, .and, .or, .printf: 1...Int.max
        case .eq: 2...Int.max
        case .slice: 1...3
        case .len, .not, .json, .upper, .lower, .title: 1...1
        case .ne, .lt, .le, .gt, .ge, .join, .split, .truncate: 2...2
        case .pad: 3...3
        }
    }

    /// The function's value.
    ///
    /// - Parameter spend: is told how many bytes will be made, before they are.
    func call(
        _ arguments: [TemplateValue], spend: (Int) throws(TemplateError) -> Void
    ) throws(TemplateError) -> TemplateValue {
        guard counts.contains(arguments.count) else {
            let wanted =
                counts.upperBound == counts.lowerBound ? "\(counts.lowerBound)" : "\(counts.lowerBound) or more"
            throw failure("takes \(wanted) value\(wanted == "1" ? "" : "s"), not \(arguments.count)")
        }
        switch self {
        case .index: return try Self.index(arguments[0], arguments.dropFirst())
        case .slice: return try Self.slice(arguments[0], arguments.dropFirst())
        case .len: return .integer(Int64(try Self.length(arguments[0])))
        case .and: return arguments.first { !$0.isTrue } ?? arguments[arguments.count - 1]
        case .or: return arguments.first { $0.isTrue } ?? arguments[arguments.count - 1]
        case .not: return .bool(!arguments[0].isTrue)
        case .eq:
            for other in arguments.dropFirst() where try equal(arguments[0], other) { return .bool(true) }
            return .bool(false)
        case .ne: return .bool(try !equal(arguments[0], arguments[1]))
        case .lt: return .bool(try less(arguments[0], arguments[1]))
        case .le, .gt:
            let isLess = try less(arguments[0], arguments[1])
            let isEqual = try equal(arguments[0], arguments[1])
            return .bool((isLess || isEqual) == (self == .le))
        case .ge: return .bool(try !less(arguments[0], arguments[1]))
        case .split:
            let (text, separator) = (try self.text(arguments[0]), try self.text(arguments[1]))
            try spend(text.utf8.count)
            if separator.isEmpty { return .list(text.unicodeScalars.map { .string(String($0)) }) }
            return .list(text.split(separator: separator, omittingEmptySubsequences: false).map { .string(String($0)) })
        default:
            let text = try made(arguments, spend)
            try spend(text.utf8.count)
            return .string(text)
        }
    }

    /// The text that the functions make whose value is one.
    private func made(
        _ arguments: [TemplateValue], _ spend: (Int) throws(TemplateError) -> Void
    ) throws(TemplateError) -> String {
        switch self {
        case .print: return TemplatePrinting.print(arguments)
        case .println: return arguments.map { TemplatePrinting.plain($0) }.joined(separator: " ") + "\n"
        case .printf:
            var format = TemplatePrintf(try text(arguments[0]))
            return try format.text(arguments.dropFirst(), spend: spend)
        case .json: return TemplateJSON.text(arguments[0])
        case .join: return try joined(arguments[0], try text(arguments[1]))
        case .upper: return try text(arguments[0]).uppercased()
        case .lower: return try text(arguments[0]).lowercased()
        case .title: return Self.title(try text(arguments[0]))
        case .truncate:
            let (text, length) = (try text(arguments[0]), try number(arguments[1]))
            guard length >= 0 else { throw failure("the length is below zero") }
            var result = ""
            for scalar in text.unicodeScalars {
                guard result.utf8.count + scalar.utf8.count <= length else { break }
                result.unicodeScalars.append(scalar)
            }
            return result
        case .pad:
            let text = try text(arguments[0])
            let (before, after) = (max(0, try number(arguments[1])), max(0, try number(arguments[2])))
            if text.isEmpty { return "" }
            guard before <= TemplateLimit.width, after <= TemplateLimit.width else {
                throw failure("more than \(TemplateLimit.width) blanks")
            }
            return String(repeating: " ", count: before) + text + String(repeating: " ", count: after)
        default: return ""
        }
    }

    private func failure(_ cause: String) -> TemplateError { TemplateError("\(rawValue): \(cause)") }

    private func text(_ value: TemplateValue) throws(TemplateError) -> String {
        guard case .string(let text) = value else { throw failure("wants a text, not \(value.kind)") }
        return text
    }

    private func number(_ value: TemplateValue) throws(TemplateError) -> Int {
        guard case .integer(let value) = value else { throw failure("wants a whole number, not \(value.kind)") }
        return Int(clamping: value)
    }

    private func joined(_ value: TemplateValue, _ separator: String) throws(TemplateError) -> String {
        let values: [TemplateValue]
        switch value {
        case .list(let list): values = list
        case .nilList: values = []
        default: throw failure("wants a list, not \(value.kind)")
        }
        var texts: [String] = []
        for value in values { texts.append(try text(value)) }
        guard separator.utf8.count <= TemplateLimit.output / max(1, texts.count) else {
            throw failure("makes more than \(TemplateLimit.output) bytes")
        }
        return texts.joined(separator: separator)
    }

    /// Words with a capital first letter.
    private static func title(_ text: String) -> String {
        var result = ""
        var isStart = true
        for scalar in text.unicodeScalars {
            if isStart {
                result += scalar.properties.titlecaseMapping
            } else {
                result.unicodeScalars.append(scalar)
            }
            let isLetter = scalar.properties.isAlphabetic || scalar.properties.numericType != nil
            isStart = !isLetter && scalar != "_"
        }
        return result
    }
}
