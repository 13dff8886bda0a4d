// SPDX-License-Identifier: Apache-2.0

/// All that an image's configuration says, as it is written there.
///
/// For what is only shown: a member that is not what it should be is shown as it is, and makes no image unreadable.
package struct ConfigurationDetails: Sendable, Equatable {
    /// The members of the document.
    package let members: [String: JSONValue]
    /// The members of its `config`.
    package let execution: [String: JSONValue]

    /// Reads a configuration.
    ///
    /// - Throws: `FormatError` that begins with `name`, for what is no JSON object.
    package init(json: [UInt8], name: String) throws(FormatError) {
        guard
            case .object(let members) = try OCI.decode(
                JSONValue.self, json, name: name, limit: DocumentLimit.configuration)
        else { throw FormatError(name, "is no object") }
        self.members = members
        if case .object(let execution) = members["config"] { self.execution = execution } else { execution = [:] }
    }
}
