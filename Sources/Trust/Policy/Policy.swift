// SPDX-License-Identifier: Apache-2.0

import Sigstore

/// What images must fulfil: the content of `policy.json` (containers-policy.json(5)).
package struct Policy: Sendable, Hashable {
    /// The most bytes that a policy may have: 4 MiB.
    package static let byteLimit = 4 << 20

    /// What every image must fulfil for which nothing else is said.
    package var defaultRequirements: [PolicyRequirement]
    /// What is said of images by their transports and scopes.
    package var transports: [String: [String: [PolicyRequirement]]]

    /// Makes a policy.
    package init(_ defaultRequirements: [PolicyRequirement], transports: [String: [String: [PolicyRequirement]]] = [:])
    {
        self.defaultRequirements = defaultRequirements
        self.transports = transports
    }

    /// The rule that decides about an image.
    package struct Rule: Sendable, Hashable {
        /// The transport whose scope it is; nil for the policy's default.
        package var transport: String?
        /// The scope; empty for a default.
        package var scope: String
        /// What must be fulfilled, all of it.
        package var requirements: [PolicyRequirement]
        /// The scopes that were looked up before, and of which nothing is said.
        package var passed: [String]

        /// The rule for messages: `docker "quay.io/app"`, `default`.
        package var description: String {
            guard let transport else { return "default" }
            return scope.isEmpty ? "\(transport) default" : "\(transport) \(quoted(scope))"
        }
    }

    /// Looks up the rule for an image: the first of its scopes of which something is said, and no other.
    package func rule(for subject: PolicySubject) -> Rule {
        var passed: [String] = []
        if let scopes = transports[subject.transport] {
            for scope in subject.scopes + [""] {
                if let found = scopes[scope] {
                    return Rule(transport: subject.transport, scope: scope, requirements: found, passed: passed)
                }
                passed.append(scope)
            }
        } else {
            passed = subject.scopes
        }
        return Rule(transport: nil, scope: "", requirements: defaultRequirements, passed: passed)
    }
}
