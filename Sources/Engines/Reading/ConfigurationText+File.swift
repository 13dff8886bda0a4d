// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage
import TOML

extension ConfigurationText {
    /// Reads a file; nil where there is none or its directory cannot be looked into.
    ///
    /// - Throws: `EngineError`: it cannot be read, or is larger than 1 MiB.
    init?(_ path: FilePath) throws(EngineError) {
        let limit = 1 << 20
        do throws(Errno) {
            let file = try Descriptor.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { return nil }
            let bytes = try file.read(atMost: limit + 1)
            guard bytes.count <= limit else { throw Errno.fileTooLarge }
            self.init(text: bytes)
        } catch .noSuchFileOrDirectory, .notDirectory, .noSuchAddressOrDevice {
            return nil
        } catch {
            throw EngineError(path.printable, reading: error)
        }
    }
}
