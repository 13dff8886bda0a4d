// SPDX-License-Identifier: Apache-2.0

import OCI

/// Bounds of what is waited for, tried again and read.
package struct RegistryLimits: Sendable {
    /// How long a connection may take to come about.
    package var connectTimeout: Duration = .seconds(15)
    /// How long the other end may say nothing before the connection counts as broken.
    package var stallTimeout: Duration = .seconds(60)
    /// Bytes of a body that must come in each second that is waited for them, taken over `stallTimeout`.
    package var leastRate = 1 << 10
    /// Bytes after which a body that breaks counts as getting on: more than come at `leastRate` before it is given up.
    package var leastProgress: Int64 = 64 << 10
    /// How often a request is sent before it counts as failed; for a body, how often in a row without `leastProgress`.
    package var attempts = 5
    /// What is waited before the second attempt; twice as much before each further one.
    package var firstDelay: Duration = .milliseconds(500)
    /// The longest wait between two attempts, whatever the registry asks for.
    package var longestDelay: Duration = .seconds(20)
    /// How often who asks is proven for one request, as tokens may be good for one use.
    package var proofs = 3
    /// Redirects that are followed for one request.
    package var redirects = 10
    /// Bytes of an answer that tells what went wrong; what is longer is cut.
    package var errorByteCount = 64 << 10
    /// Bytes of an answer with a token, a list of tags or of repositories.
    package var listByteCount = DocumentLimit.manifest
    /// Pages of a list that are asked for.
    package var pages = 10_000
    /// Entries of a list, all pages together.
    package var entries = 1_000_000
    /// Bytes of the entries of a list, all pages together.
    package var entryByteCount = 64 << 20

    /// The bounds that are used unless a test wants others.
    package init() {}

    /// What to wait before an attempt, the first one being 0.
    func delay(before attempt: Int) -> Duration {
        guard attempt > 0 else { return .zero }
        return min(longestDelay, firstDelay * (1 << min(attempt - 1, 16)))
    }
}
