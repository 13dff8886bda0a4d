// SPDX-License-Identifier: Apache-2.0

import CArchive
import Glibc
import LinuxIO

extension ForeignArchive {
    /// The child: loads libarchive, gives up its rights, and turns standard input into standard output.
    ///
    /// - Parameter purpose: the word behind `command`.
    /// - Returns: the code to end with: 0, or 3 with the reason on standard error.
    package static func run(_ purpose: String?) -> Int32 {
        let purpose = purpose.flatMap(Purpose.init(rawValue:)).map { $0.number } ?? 0
        // The libraries are files: they are loaded while files can be opened.
        if let missing = carchive_load() {
            return end(
                "libarchive is not there (\(String(cString: missing))); install it: apt-get install libarchive13")
        }
        setlocale(LC_CTYPE, "C.UTF-8")
        do {
            try Confinement.enter(memory: memoryLimit, seconds: secondsLimit)
        } catch {
            return end("this machine does not let the reader be confined: \(error)")
        }
        var reason = [CChar](repeating: 0, count: 512)
        let code = carchive_convert(Int32(purpose), &reason, reason.count)
        guard code != 0 else { return 0 }
        return end(String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    private static func end(_ reason: String) -> Int32 {
        let text = Array(reason.utf8.prefix(480))
        // Whoever started the child reads this; with nobody there, nobody has to know.
        _ = write(STDERR_FILENO, text, text.count)
        return 3
    }
}

extension ForeignArchive.Purpose {
    fileprivate var number: Int {
        switch self {
        case .decompress: carchive_decompress
        case .tar: carchive_tar
        case .package: carchive_package
        }
    }
}
