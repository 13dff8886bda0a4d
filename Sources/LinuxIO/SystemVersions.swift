// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the program runs on.
package enum SystemVersions {
    /// The kernel's release, as `6.1.0-30-amd64`; nil if it does not tell.
    package static var kernel: String? {
        var names = utsname()
        guard uname(&names) == 0 else { return nil }
        return withUnsafeBytes(of: &names.release) { release in
            String(decoding: release.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    /// The C library's version, as `2.36`; nil if it does not tell.
    package static var glibc: String? {
        var text = [UInt8](repeating: 0, count: 64)
        let size = text.withUnsafeMutableBytes { bytes in
            confstr(Int32(_CS_GNU_LIBC_VERSION), bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        }
        guard size > 0, size <= text.count else { return nil }
        return String(decoding: text.prefix { $0 != 0 }, as: UTF8.self).split(separator: " ").last.map(String.init)
    }
}
