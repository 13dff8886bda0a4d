// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import FileTree
import Glibc
import SystemPackage

/// Fills in the operations on extended attributes.
///
/// Names of `OwnAttribute` never reach a file: what answers to them is cimg's own word, whatever a layer or an upper has.
func addXattrOperations(to operations: inout fuse_lowlevel_ops) {
    operations.getxattr = { request, file, name, room in
        answer(request) { served throws(Errno) in
            let name = Array(bytes(name))
            guard !OwnAttribute.isOne(name) else {
                let caller = Caller(of: request).uid
                return try sized(
                    try served.fileSystem.ownXattr(
                        name, of: FileNumber(file), isOwner: caller == geteuid() || caller == 0), room)
            }
            guard served.fileSystem.mayHaveXattr(name) else { throw .notSupported }
            return try sized(try served.fileSystem.xattr(name, of: FileNumber(file)), room)
        } _: { request, _, value in
            reply(request, value, room)
        }
    }
    operations.listxattr = { request, file, room in
        answer(request) { served throws(Errno) in
            let names = try served.fileSystem.xattrNames(of: FileNumber(file)).filter { !OwnAttribute.isOne($0) }
            return try sized(names.flatMap { $0 + [0] }, room)
        } _: { request, _, list in
            reply(request, list, room)
        }
    }
    operations.setxattr = { request, file, name, value, count, flags in
        answer(request) { served throws(Errno) in
            let value = UnsafeRawBufferPointer(start: value, count: value == nil ? 0 : count)
            let name = Array(bytes(name))
            guard !OwnAttribute.isOne(name) else { throw .notPermitted }
            try served.fileSystem.setXattr(
                name, of: FileNumber(file), to: Array(value), flags: flags,
                dropsSetGroupID: cfuse_drops_privileges() != 0)
        }
    }
    operations.removexattr = { request, file, name in
        answer(request) { served throws(Errno) in
            let name = Array(bytes(name))
            guard !OwnAttribute.isOne(name) else { throw .notPermitted }
            try served.fileSystem.removeXattr(name, of: FileNumber(file))
        }
    }
}

/// Room 0 asks for the size only; any other must hold the value.
private func sized(_ value: [UInt8], _ room: Int) throws(Errno) -> [UInt8] {
    guard room == 0 || value.count <= room else { throw .outOfRange }
    return value
}

private func reply(_ request: fuse_req_t, _ value: [UInt8], _ room: Int) {
    guard room != 0 else {
        fuse_reply_xattr(request, value.count)
        return
    }
    _ = value.withUnsafeBytes {
        fuse_reply_buf(request, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
    }
}
