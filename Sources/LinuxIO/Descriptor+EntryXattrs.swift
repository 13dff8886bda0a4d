// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
package import SystemPackage
import Threads

/// Extended attributes of the names in a directory, or of an open file whose name is given as no bytes, read through `/proc/self/fd`: no call takes a directory's
/// descriptor and a name before Linux 6.13, and opening a file for its attributes would need to read it.
extension Descriptor {
    /// The extended attributes of a name in this directory, in the order of the file system; symbolic links are not
    /// followed, `.` means the directory itself.
    ///
    /// Built on llistxattr(2) and lgetxattr(2). A file system without attributes has none; an attribute that is
    /// removed meanwhile is left out.
    /// An empty name is the open file; `isWanted` tells whether to read an attribute, by its full name.
    /// - Throws: the call's `Errno`; `.noSuchFileOrDirectory` also where `/proc` is not mounted.
    package func entryXattrs(
        _ name: [UInt8], where isWanted: ([UInt8]) -> Bool
    ) throws(Errno) -> [(name: [UInt8], value: [UInt8])] {
        var found: [(name: [UInt8], value: [UInt8])] = []
        for attribute in try entryXattrNames(name) where isWanted(attribute) {
            if let value = try entryXattr(attribute, of: name) { found.append((attribute, value)) }
        }
        return found
    }

    /// The full names of the extended attributes of a name in this directory; none where the file system has no
    /// attributes.
    ///
    /// Built on listxattrat(2) where the kernel has it, else on llistxattr(2).
    package func entryXattrNames(_ name: [UInt8]) throws(Errno) -> [[UInt8]] {
        if !name.isEmpty, let isEmpty = hasNoXattrs(name), isEmpty { return [] }
        let path = procPath(of: name)
        do throws(Errno) {
            let list = try growing { buffer, capacity in
                withCString(path) { clinux_llistxattr($0, follows(name), buffer, capacity) }
            }
            return list.isEmpty ? [] : list.split(separator: 0).map(Array.init)
        } catch .notSupported {
            return []
        }
    }

    /// Whether the open file has no extended attribute at all, as most have; false also where that cannot be told.
    ///
    /// The corresponding C function is flistxattr(2).
    package var hasNoXattrs: Bool { attempting { clinux_flistxattr(rawValue, nil, 0) } == 0 }

    /// Whether a name in this directory has no attribute at all, as most have, told without a way through `/proc`; nil
    /// where that cannot be told.
    private func hasNoXattrs(_ name: [UInt8]) -> Bool? {
        let count = attempting { withCString(name) { clinux_listxattrat(rawValue, $0, nil, 0) } }
        return count >= 0 ? count == 0 : nil
    }

    /// The value of an extended attribute of a name in this directory; nil where it has none of that name.
    ///
    /// Built on lgetxattr(2).
    package func entryXattr(_ attribute: [UInt8], of name: [UInt8]) throws(Errno) -> [UInt8]? {
        let path = procPath(of: name)
        do throws(Errno) {
            return try growing { buffer, capacity in
                withCString(path) { path in
                    withCString(attribute) { clinux_lgetxattr(path, follows(name), $0, buffer, capacity) }
                }
            }
        } catch .noData {
            return nil
        } catch .notSupported {
            return nil
        }
    }

    /// Sets an extended attribute of a name in this directory, with the flags of setxattr(2).
    ///
    /// Built on lsetxattr(2).
    package func setEntryXattr(
        _ attribute: [UInt8], of name: [UInt8], to value: [UInt8], flags: Int32 = 0
    ) throws(Errno) {
        let path = procPath(of: name)
        _ = try retrying {
            withCString(path) { path in
                withCString(attribute) { attribute in
                    value.withUnsafeBytes {
                        clinux_lsetxattr(path, follows(name), attribute, $0.baseAddress, $0.count, flags)
                    }
                }
            }
        }
    }

    /// Removes an extended attribute of a name in this directory; `.noData` where it has none.
    ///
    /// Built on lremovexattr(2).
    package func removeEntryXattr(_ attribute: [UInt8], of name: [UInt8]) throws(Errno) {
        let path = procPath(of: name)
        _ = try retrying {
            withCString(path) { path in withCString(attribute) { clinux_lremovexattr(path, follows(name), $0) } }
        }
    }

    private func procPath(of name: [UInt8]) -> [UInt8] {
        name.isEmpty ? Array("/proc/self/fd/\(rawValue)".utf8) : Array("/proc/self/fd/\(rawValue)/".utf8) + name
    }

    /// The open file itself is what its link in `/proc` leads to.
    private func follows(_ name: [UInt8]) -> Int32 { name.isEmpty ? 1 : 0 }
}

/// Calls for the bytes, with more room if they need it, also while they grow in between.
func growing(_ call: (UnsafeMutableRawPointer?, Int) -> Int) throws(Errno) -> [UInt8] {
    var capacity = 512
    while true {
        do throws(Errno) {
            var code: Errno?
            let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
                do throws(Errno) {
                    count = min(try retrying { call(buffer.baseAddress, capacity) }, capacity)
                } catch {
                    (code, count) = (error, 0)
                }
            }
            if let code { throw code }
            return bytes
        } catch .outOfRange {
            capacity = try max(capacity * 2, retrying { call(nil, 0) })
        }
    }
}
