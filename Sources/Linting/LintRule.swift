// SPDX-License-Identifier: Apache-2.0

/// A rule; its raw value is its name.
package enum LintRule: String, CaseIterable, Sendable, Hashable {
    // Where engines disagree.
    case whiteoutAfterEntry = "whiteout-after-entry"
    case whiteoutAndDirectory = "whiteout-and-directory"
    case whiteoutBelowWhiteout = "whiteout-below-whiteout"
    case whiteoutOfNothing = "whiteout-of-nothing"
    case whiteoutNotAFile = "whiteout-not-a-file"
    case whiteoutNameEmpty = "whiteout-name-empty"
    case whiteoutNameTooLong = "whiteout-name-too-long"
    case whiteoutPrefixInName = "whiteout-prefix-in-name"
    case whiteoutAufsLeftover = "whiteout-aufs-leftover"
    case opaqueAfterEntries = "opaque-after-entries"
    case opaqueOnNonDirectory = "opaque-on-non-directory"
    case opaqueRoot = "opaque-root"
    case rootEntry = "root-entry"
    case rootNotDirectory = "root-not-directory"
    case orderChildBeforeParent = "order-child-before-parent"
    case sparseEntry = "sparse-entry"
    case parentMissing = "parent-missing"
    case parentIsLowerSymlink = "parent-is-lower-symlink"
    case parentIsSymlink = "parent-is-symlink"
    case parentIsFile = "parent-is-file"
    case hardlinkAcrossLayers = "hardlink-across-layers"
    case hardlinkForward = "hardlink-forward"
    case hardlinkDangling = "hardlink-dangling"
    case hardlinkToDirectory = "hardlink-to-directory"
    case hardlinkTargetReplaced = "hardlink-target-replaced"
    case duplicateEntry = "duplicate-entry"
    case duplicateEntryEqual = "duplicate-entry-equal"
    case pathOutside = "path-outside"
    case pathAbsolute = "path-absolute"
    case pathNotClean = "path-not-clean"
    case nameTooLong = "name-too-long"
    case nameNotUTF8 = "name-not-utf8"
    case nameControlCharacters = "name-control-characters"
    case nameCaseCollision = "name-case-collision"
    case deviceZero = "device-0-0"
    case overlayAttribute = "overlay-xattr"
    case hostAttribute = "xattr-host-specific"
    case timeSubsecond = "time-subsecond"
    case timeOutOfRange = "time-out-of-range"
    case capabilityVersion3 = "capability-v3"
    case mediaTypeMismatch = "media-type-mismatch"

    // What an author might do better: the configuration.
    case userRoot = "user-root"
    case userNotNumeric = "user-not-numeric"
    case healthcheckMissing = "healthcheck-missing"
    case updateWithoutInstall = "update-without-install"
    case distUpgrade = "dist-upgrade"
    case sudoInCommand = "sudo-in-command"
    case addInstruction = "add-instruction"
    case volumeOfSystem = "volume-of-system"
    case workdirRelative = "workdir-relative"
    case portOutOfRange = "port-out-of-range"
    case entrypointShell = "entrypoint-shell"
    case labelKey = "label-key"
    case labelEmpty = "label-empty"
    case labelMissing = "label-missing"
    case labelForm = "label-form"
    case authorDeprecated = "author-deprecated"
    case tagLatest = "tag-latest"
    case secretInEnvironment = "secret-in-environment"

    // What an author might do better: files.
    case aptListsLeft = "apt-lists-left"
    case packageCacheLeft = "package-cache-left"
    case languageCacheLeft = "language-cache-left"
    case setuidFile = "setuid-file"
    case secretFile = "secret-file"
    case secretInLowerLayer = "secret-in-lower-layer"
    case buildFileLeft = "build-file-left"
    case loginRecordsHuge = "login-records-huge"
    case passwordEmpty = "password-empty"
    case accountTwice = "account-twice"

    /// What is known of it.
    package var facts: LintFacts {
        Self.layerFacts[self] ?? Self.configurationFacts[self] ?? Self.fileFacts[self]
            ?? LintFacts(.info, rawValue, remedy: "")
    }

    /// The rule of a name, its own or another tool's; an alias may stand for several.
    package static func named(_ name: String) -> [LintRule] {
        if let rule = LintRule(rawValue: name) { return [rule] }
        return allCases.filter { rule in rule.facts.aliases.contains { $0.lowercased() == name.lowercased() } }
    }
}
