// SPDX-License-Identifier: Apache-2.0

/// What the mount table shows as the source of a mount that the kernel makes.
enum SourceText {
    /// Prefix, name and identity in at most 255 bytes, which is what fsconfig(2) takes; the name is cut.
    static func fitting(prefix: String, name: String, identity: String) -> String {
        let room = 255 - prefix.utf8.count - identity.utf8.count
        // Cut between characters, so that it stays text.
        var kept = name[...]
        while kept.utf8.count > room { kept.removeLast() }
        return prefix + kept + identity
    }
}
