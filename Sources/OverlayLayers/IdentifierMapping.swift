// SPDX-License-Identifier: Apache-2.0

/// A run of user or group numbers of a container and the numbers that the disk has for them.
package struct IdentifierRange: Hashable, Sendable {
    /// The first number as the container sees it.
    package var container: UInt32
    /// The first number on disk.
    package var host: UInt32
    /// How many numbers follow each other; 0: every number on disk is shown as `container`, and `host` stands for
    /// whatever number a program wants.
    package var count: UInt32

    /// Makes a range.
    package init(container: UInt32, host: UInt32, count: UInt32) {
        self.container = container
        self.host = host
        self.count = count
    }
}

/// How user and group numbers on disk are shown, as user_namespaces(7) maps them.
package struct IdentifierMapping: Hashable, Sendable {
    /// What a number without a counterpart is shown as.
    package static let unmapped: UInt32 = 65534

    /// Ranges of users; none: numbers are shown as they are.
    package var users: [IdentifierRange]
    /// Ranges of groups; none: numbers are shown as they are.
    package var groups: [IdentifierRange]

    /// Makes a mapping; without arguments one that changes nothing.
    package init(users: [IdentifierRange] = [], groups: [IdentifierRange] = []) {
        self.users = users
        self.groups = groups
    }

    /// The user that a number on disk is shown as.
    package func shownUser(_ host: UInt32) -> UInt32 { Self.shown(host, users) }

    /// The group that a number on disk is shown as.
    package func shownGroup(_ host: UInt32) -> UInt32 { Self.shown(host, groups) }

    /// The number on disk of a user; nil where there is none.
    package func storedUser(_ container: UInt32) -> UInt32? { Self.stored(container, users) }

    /// The number on disk of a group; nil where there is none.
    package func storedGroup(_ container: UInt32) -> UInt32? { Self.stored(container, groups) }

    private static func shown(_ host: UInt32, _ ranges: [IdentifierRange]) -> UInt32 {
        guard !ranges.isEmpty else { return host }
        if let all = ranges.first(where: { $0.count == 0 }) { return all.container }
        for range in ranges where host >= range.host && host - range.host < range.count {
            let (number, overflow) = range.container.addingReportingOverflow(host - range.host)
            return overflow ? unmapped : number
        }
        return unmapped
    }

    private static func stored(_ container: UInt32, _ ranges: [IdentifierRange]) -> UInt32? {
        guard !ranges.isEmpty else { return container }
        if let all = ranges.first(where: { $0.count == 0 }) { return all.host }
        for range in ranges where container >= range.container && container - range.container < range.count {
            let (number, overflow) = range.host.addingReportingOverflow(container - range.container)
            return overflow ? nil : number
        }
        return nil
    }
}
