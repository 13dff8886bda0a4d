// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The environment of a server: what it needs, and nothing else of what the caller had, which may be secrets that would
/// lie in a process for as long as the mount does.
enum ServerEnvironment {
    /// `PATH` finds fusermount3, newuidmap and newgidmap; the others decide in which language and time zone an error is
    /// told; `LD_LIBRARY_PATH` finds the libraries that this process found; `MALLOC_ARENA_MAX` bounds memory.
    static let names = [
        "PATH", "LANG", "LC_ALL", "LC_MESSAGES", "TZ", "LD_LIBRARY_PATH", "MALLOC_ARENA_MAX",
    ]

    /// Those of this process that a server keeps, `NAME=value` each.
    static func kept() -> [[UInt8]] {
        names.compactMap { name in
            guard let value = getenv(name) else { return nil }
            // SAFETY: nothing changes the environment of this process.
            let bytes = UnsafeBufferPointer(start: value, count: strlen(value)).map { UInt8(bitPattern: $0) }
            return Array("\(name)=".utf8) + bytes
        }
    }
}
