// SPDX-License-Identifier: Apache-2.0

/// A part of a template.
enum TemplateNode: Sendable {
    /// Text that is printed as it stands.
    case text(String)
    /// A pipeline whose value is printed, unless it declares variables.
    case action(TemplatePipeline)
    /// `if`, `range` or `with`.
    indirect case branch(TemplateBranch)
    /// `break` out of the innermost `range`.
    case breaking
    /// `continue` with the next round of the innermost `range`.
    case continuing
}

/// A block that is run for a value, and another for where there is none.
struct TemplateBranch: Sendable {
    enum Kind: String { case `if`, range, with }

    var kind: Kind
    var pipeline: TemplatePipeline
    var body: [TemplateNode]
    var otherwise: [TemplateNode]
}

/// Commands, each of which gets the value of the one before as its last argument.
struct TemplatePipeline: Sendable {
    /// The variables that get the value, with their `$`.
    var variables: [String] = []
    /// Whether the variables were there before.
    var isAssignment = false
    var commands: [[TemplateOperand]]
    /// The action as it is written, for errors.
    var place: String
}

/// What a command is made of.
enum TemplateOperand: Sendable {
    /// `.`
    case dot
    /// A number, a text, true, false.
    case constant(TemplateValue)
    /// `nil`
    case `nil`
    /// `.Config.Labels`
    case field([String])
    /// `$x.Name`
    case variable(String, [String])
    /// `(pipeline).Name`
    indirect case chain(TemplatePipeline, [String])
    /// The name of a function.
    case function(TemplateFunction)
}
