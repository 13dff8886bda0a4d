// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage

/// Extended attributes of the names in a directory, read through `/proc/self/fd`: no call takes a directory's
/// descriptor and a name before Linux 6.13, and opening a file for its attributes would need to read it.
extension Descriptor {
    /// The extended attributes of a name in this directory, in the order of the file system; symbolic links are not
    /// followed, `.` means the directory itself.
    ///
    /// Built on llistxattr(2) and lgetxattr(2). A file system without attributes has none; an attribute that is
    /// removed meanwhile is left out.
    /// - Parameter isWanted: whether to read the attribute of a name.
    /// - Throws: the call's `Errno`; `.noSuchFileOrDirectory` also where `/proc` is not mounted.
    package func entryXattrs(
        _ name: [UInt8], where isWanted: ([UInt8]) -> Bool
    ) throws(Errno) -> [(name: [UInt8], value: [UInt8])] {
        let path = Array("/proc/self/fd/\(rawValue)/".utf8) + name
        let list: [UInt8]
        do throws(Errno) {
            list = try growing { buffer, capacity in
                withCString(path) { clinux_llistxattr($0, buffer, capacity) }
            }
        } catch .notSupported {
            return []
        }
        var found: [(name: [UInt8], value: [UInt8])] = []
        for name in list.split(separator: 0).map(Array.init) where isWanted(name) {
            do throws(Errno) {
                let value = try growing { buffer, capacity in
                    withCString(path) { path in withCString(name) { clinux_lgetxattr(path, $0, buffer, capacity) } }
                }
                found.append((name, value))
            } catch .noData {
                continue
            }
        }
        return found
    }
}

/// Calls for a size, then for the bytes, again while they grow in between.
private func growing(_ call: (UnsafeMutableRawPointer?, Int) -> Int) throws(Errno) -> [UInt8] {
    while true {
        let size = try retrying { call(nil, 0) }
        guard size > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: size)
        do throws(Errno) {
            let count = try retrying { bytes.withUnsafeMutableBytes { call($0.baseAddress, size) } }
            return Array(bytes.prefix(count))
        } catch .outOfRange {
            continue
        }
    }
}
