// SPDX-License-Identifier: Apache-2.0

import Glibc
package import SystemPackage

/// A user as the system's databases describe it.
package struct UserEntry: Sendable, Hashable {
    /// The user's number.
    package let number: UInt32
    /// The user's name.
    package let name: String
    /// The home directory.
    package let home: FilePath

    /// Looks a user up by number; nil where there is none: getpwuid_r(3).
    package init?(number: UInt32) {
        self.init { entry, buffer, found in getpwuid_r(number, entry, buffer.start, buffer.count, found) }
    }

    /// Looks a user up by name; nil where there is none: getpwnam_r(3).
    package init?(name: String) {
        self.init { entry, buffer, found in getpwnam_r(name, entry, buffer.start, buffer.count, found) }
    }

    /// The numbers of the machine's users, at most so many: getpwent(3).
    package static func numbers(limit: Int = 100_000) -> [UInt32] {
        var numbers: [UInt32] = []
        setpwent()
        defer { endpwent() }
        while numbers.count < limit, let entry = getpwent() { numbers.append(entry.pointee.pw_uid) }
        return numbers
    }

    private init?(
        _ look: (
            UnsafeMutablePointer<passwd>, (start: UnsafeMutablePointer<CChar>, count: Int),
            UnsafeMutablePointer<UnsafeMutablePointer<passwd>?>
        ) -> Int32
    ) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 1 << 16)
        let result: (UInt32, String, FilePath)? = buffer.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: the entry points into the buffer, which lives until this closure returns copies.
            guard let start = buffer.baseAddress, look(&entry, (start, buffer.count), &found) == 0, found != nil,
                let name = entry.pw_name, let home = entry.pw_dir
            else { return nil }
            return (entry.pw_uid, String(cString: name), FilePath(platformString: home))
        }
        guard let result else { return nil }
        (number, name, home) = result
    }
}
