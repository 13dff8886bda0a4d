// SPDX-License-Identifier: Apache-2.0

import Console
import FileTree
package import OCI

/// Values as templates of other tools have them.
package enum FamiliarText {
    /// A time as Go prints it, in UTC.
    package static func time(_ moment: Moment) -> String {
        let text = DiffValue.time(Timestamp(seconds: moment.seconds))
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8) + " +0000 UTC"
    }

    /// The repository and the tag that a name is made of; nil for a name without a tag.
    package static func parts(of name: String) -> (repository: String, tag: String?) {
        let name = name.firstIndex(of: "@").map { String(name[..<$0]) } ?? name
        guard let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") else { return (name, nil) }
        return (String(name[..<colon]), String(name[name.index(after: colon)...]))
    }
}
