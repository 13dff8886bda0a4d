// SPDX-License-Identifier: Apache-2.0

/// One filling in of a template.
struct TemplateRun {
    /// What has been printed.
    private(set) var output = ""
    private let missingKeys: Template.MissingKeys
    private var variables: [(name: String, value: TemplateValue)]
    private var steps = 0
    private var bytes = 0
    /// The action that runs, for errors.
    private var place = ""

    init(_ value: TemplateValue, missingKeys: Template.MissingKeys) {
        self.missingKeys = missingKeys
        variables = [("$", value)]
    }

    private enum Flow { case normal, breaking, continuing }

    /// Runs a whole template.
    mutating func run(_ nodes: [TemplateNode], _ value: TemplateValue) throws(TemplateError) {
        do {
            _ = try run(nodes, dot: value)
        } catch {
            throw error.place.isEmpty ? TemplateError(at: place, error.cause) : error
        }
    }

    private mutating func run(_ nodes: [TemplateNode], dot: TemplateValue) throws(TemplateError) -> Flow {
        // Variables live as long as the block that they stand in.
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        for node in nodes {
            try step()
            switch node {
            case .text(let text): try print(text)
            case .action(let pipeline):
                let value = try evaluate(pipeline, dot)
                if pipeline.variables.isEmpty { try print(TemplatePrinting.shown(TemplatePrinting.text(value))) }
            case .branch(let branch):
                let flow = try run(branch, dot)
                if flow != .normal { return flow }
            case .breaking: return .breaking
            case .continuing: return .continuing
            }
        }
        return .normal
    }

    private mutating func run(_ branch: TemplateBranch, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        let mark = variables.count
        defer { variables.removeSubrange(mark...) }
        if branch.kind == .range { return try range(branch, dot) }
        let value = try evaluate(branch.pipeline, dot)
        guard value.isTrue else { return try run(branch.otherwise, dot: dot) }
        return try run(branch.body, dot: branch.kind == .with ? value : dot)
    }

    private mutating func range(_ branch: TemplateBranch, _ dot: TemplateValue) throws(TemplateError) -> Flow {
        var pipeline = branch.pipeline
        let names = pipeline.variables
        pipeline.variables = []
        let value = try evaluate(pipeline, dot)
        let rounds: [(key: TemplateValue, value: TemplateValue)]
        switch value {
        case .list(let values): rounds = values.enumerated().map { (.integer(Int64($0.offset)), $0.element) }
        case .map(let map): rounds = map.sorted.map { (.string($0.key), $0.value) }
        case .record(let record): rounds = record.fields.map { (.string($0.name), $0.value) }
        case .none, .nilPointer, .nilList: rounds = []
        default: throw TemplateError("range goes through lists and maps, not through \(value.kind)")
        }
        if rounds.isEmpty { return try run(branch.otherwise, dot: dot) }
        let mark = variables.count
        for (key, value) in rounds {
            try step()
            place = branch.pipeline.place
            let assigned = names.count == 2 ? [key, value] : [value]
            for (name, value) in zip(names, assigned) { set(name, value, pipeline.isAssignment) }
            let flow = try run(branch.body, dot: value)
            variables.removeSubrange(mark...)
            if flow == .breaking { break }
        }
        return .normal
    }

    private mutating func step() throws(TemplateError) {
        steps += 1
        guard steps <= TemplateLimit.steps else {
            throw TemplateError("takes more than \(TemplateLimit.steps) steps")
        }
    }

    /// Counts bytes that were or will be made.
    private mutating func spend(_ count: Int) throws(TemplateError) {
        let (sum, overflow) = bytes.addingReportingOverflow(max(0, count))
        guard !overflow, sum <= TemplateLimit.output else {
            throw TemplateError("makes more than \(TemplateLimit.output) bytes")
        }
        bytes = sum
    }

    private mutating func print(_ text: String) throws(TemplateError) {
        try spend(text.utf8.count)
        output += text
    }

    private mutating func set(_ name: String, _ value: TemplateValue, _ isAssignment: Bool) {
        if isAssignment, let index = variables.lastIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
    }

    // MARK: - Values

    private mutating func evaluate(
        _ pipeline: TemplatePipeline, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        place = pipeline.place
        var value: TemplateValue?
        for command in pipeline.commands { value = try evaluate(command, dot, last: value) }
        let result = value ?? .none
        for name in pipeline.variables { set(name, result, pipeline.isAssignment) }
        return result
    }

    private mutating func evaluate(
        _ command: [TemplateOperand], _ dot: TemplateValue, last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        guard let first = command.first else { return .none }
        if case .function(let function) = first {
            return try call(function, command.dropFirst(), dot, last)
        }
        let value = try self.value(first, dot)
        guard command.count > 1 || last != nil else {
            if case .nil = first { throw TemplateError("nil is no command") }
            return value
        }
        // A map that is given a key answers as a method does that looks one up.
        guard case .map = value else { throw TemplateError("only functions take values") }
        var keys: [TemplateValue] = []
        for operand in command.dropFirst() { keys.append(try self.value(operand, dot)) }
        return try TemplateFunction.index.call([value] + keys + (last.map { [$0] } ?? []), spend: { _ in })
    }

    private mutating func call(
        _ function: TemplateFunction, _ operands: ArraySlice<TemplateOperand>, _ dot: TemplateValue,
        _ last: TemplateValue?
    ) throws(TemplateError) -> TemplateValue {
        var arguments: [TemplateValue] = []
        for operand in operands {
            let value = try self.value(operand, dot)
            // What decides is not evaluated further.
            if function == .and && !value.isTrue || function == .or && value.isTrue { return value }
            arguments.append(value)
        }
        if let last { arguments.append(last) }
        var spent = 0
        let result = try function.call(arguments) { (count) throws(TemplateError) in
            spent += count
            guard spent <= TemplateLimit.output else {
                throw TemplateError("makes more than \(TemplateLimit.output) bytes")
            }
        }
        try spend(spent)
        return result
    }

    private mutating func value(
        _ operand: TemplateOperand, _ dot: TemplateValue
    ) throws(TemplateError) -> TemplateValue {
        try step()
        switch operand {
        case .dot: return dot
        case .constant(let value): return value
        case .nil: return .none
        case .field(let names): return try dot.fields(names, missingKeys)
        case .variable(let name, let names):
            let value = variables.last { $0.name == name }?.value ?? .none
            return try value.fields(names, missingKeys)
        case .chain(let pipeline, let names):
            return try evaluate(pipeline, dot).fields(names, missingKeys)
        case .function(let function): return try call(function, [], dot, nil)
        }
    }
}
