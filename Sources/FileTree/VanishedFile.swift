// SPDX-License-Identifier: Apache-2.0

/// What a source that follows a changing tree throws for a file that is gone since its name was listed.
///
/// Who walks such a source goes on as if the name had not been there.
package struct VanishedFile: Error, Equatable, CustomStringConvertible {
    /// Makes the error.
    package init() {}

    package var description: String { "the file is gone" }
}
