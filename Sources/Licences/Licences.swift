// SPDX-License-Identifier: Apache-2.0

// Names of licences, as SPDX's list has them, and expressions of such names.
//
// In comes what a package declares; out goes an expression in the list's spelling, or nothing for what is none.
//
// What must not be in here: where licences are declared, and in which documents they are told.

/// Classes of bytes, as the C locale has them.
enum Letters {
    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (byte >= 0x09 && byte <= 0x0D) }

    static func lower(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        bytes.map { $0 >= 0x41 && $0 <= 0x5A ? $0 + 0x20 : $0 }
    }
}
