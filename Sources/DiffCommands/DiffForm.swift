// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// In which form a difference is printed.
enum DiffForm: String, CaseIterable, ExpressibleByArgument, Sendable {
    /// Lines.
    case text
    /// An object.
    case json
    /// A page of all respects.
    case html
}
