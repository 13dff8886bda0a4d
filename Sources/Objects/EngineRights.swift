// SPDX-License-Identifier: Apache-2.0

package import Engines
import Glibc
package import LinuxIO
import Synchronization

/// The rights to read layers whose files belong to subordinate numbers of the user.
package enum EngineRights {
    private static let isTaken = Mutex(false)

    /// Takes the rights that reading directories of a user's own storage needs; root has them.
    ///
    /// Once is enough: the layers of all of a user's containers belong to the same numbers.
    /// - Throws: as `SubordinateNumbers.takeRights`.
    package static func take(for directories: [EngineLayers.Directory]) throws {
        guard let owners = owners(of: directories), !isTaken.withLock({ $0 }) else { return }
        try SubordinateNumbers.takeRights(users: owners.users, groups: owners.groups)
        isTaken.withLock { $0 = true }
    }

    /// The numbers of users and groups that this process needs rights over to read directories; nil where it can read
    /// them as it is.
    package static func owners(
        of directories: [EngineLayers.Directory]
    ) -> (users: [NumberRange], groups: [NumberRange])? {
        guard geteuid() != 0 else { return nil }
        func ranges(_ maps: [IDMap]) -> [NumberRange] {
            // Layers of one storage mostly have the same map.
            var found: [NumberRange] = []
            for range in maps.flatMap(\.ranges).sorted(by: { ($0.host, $1.count) < ($1.host, $0.count) }) {
                let isKnown = found.contains { $0.first <= range.host && range.host - $0.first < $0.count }
                if !isKnown { found.append(NumberRange(first: range.host, count: range.count)) }
            }
            return found
        }
        let users = ranges(directories.map(\.users))
        return users.isEmpty ? nil : (users, ranges(directories.map(\.groups)))
    }
}
