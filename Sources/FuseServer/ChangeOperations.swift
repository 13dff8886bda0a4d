// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import SystemPackage

/// Fills in the operations that make, name and remove files.
func addNameOperations(to operations: inout fuse_lowlevel_ops) {
    operations.mknod = { request, parent, name, mode, device in
        answerWithEntry(request) { served throws(Errno) in
            try served.fileSystem.makeNode(
                Array(bytes(name)), in: FileNumber(parent), mode: mode, device: UInt64(device),
                for: Caller(of: request))
        }
    }
    operations.mkdir = { request, parent, name, mode in
        answerWithEntry(request) { served throws(Errno) in
            try served.fileSystem.makeDirectory(
                Array(bytes(name)), in: FileNumber(parent), mode: mode, for: Caller(of: request))
        }
    }
    operations.symlink = { request, target, parent, name in
        answerWithEntry(request) { served throws(Errno) in
            try served.fileSystem.makeSymbolicLink(
                Array(bytes(name)), in: FileNumber(parent), to: Array(bytes(target)), for: Caller(of: request))
        }
    }
    operations.link = { request, file, parent, name in
        answerWithEntry(request) { served throws(Errno) in
            try served.fileSystem.link(FileNumber(file), as: Array(bytes(name)), in: FileNumber(parent))
        }
    }
    operations.unlink = { request, parent, name in
        answer(request) { served throws(Errno) in
            try served.fileSystem.unlink(Array(bytes(name)), in: FileNumber(parent))
        }
    }
    operations.rmdir = { request, parent, name in
        answer(request) { served throws(Errno) in
            try served.fileSystem.removeDirectory(Array(bytes(name)), in: FileNumber(parent))
        }
    }
    operations.rename = { request, parent, name, newParent, newName, flags in
        answer(request) { served throws(Errno) in
            try served.fileSystem.rename(
                Array(bytes(name)), in: FileNumber(parent), to: Array(bytes(newName)), in: FileNumber(newParent),
                flags: flags)
        }
    }
    operations.create = { request, parent, name, mode, information in
        create(request, FileNumber(parent), bytes(name), mode, information)
    }
}

/// Fills in the operations that change files.
func addWriteOperations(to operations: inout fuse_lowlevel_ops) {
    operations.setattr = { request, file, wanted, mask, information in
        answer(request) { served throws(Errno) in
            guard let wanted else { throw .invalidArgument }
            var changes = AttributeChanges(wanted.pointee, mask: mask)
            if cfuse_drops_privileges() != 0 { changes.privilegesDroppedBy = Caller(of: request) }
            return try served.fileSystem.setAttributes(
                of: FileNumber(file), information == nil ? nil : FileHandle(information), to: changes)
        } _: { request, served, attributes in
            var status = stat(attributes)
            fuse_reply_attr(request, &status, served.caching.seconds(of: attributes))
        }
    }
    operations.write = { request, file, content, count, offset, information in
        answer(request) { served throws(Errno) in
            guard offset >= 0, let content else { throw .invalidArgument }
            if cfuse_drops_privileges() != 0 {
                try served.fileSystem.dropPrivileges(of: FileNumber(file), for: Caller(of: request))
            }
            return try served.fileSystem.write(
                FileNumber(file), FileHandle(information), at: UInt64(offset),
                UnsafeRawBufferPointer(start: content, count: count))
        } _: { request, _, written in
            fuse_reply_write(request, written)
        }
    }
    operations.fallocate = { request, file, mode, offset, count, information in
        answer(request) { served throws(Errno) in
            guard offset >= 0, count > 0 else { throw .invalidArgument }
            try served.fileSystem.allocate(
                FileNumber(file), FileHandle(information), mode: mode, at: UInt64(offset), count: UInt64(count))
        }
    }
    operations.copy_file_range = { request, file, offset, information, target, targetOffset, targetInfo, count, _ in
        answer(request) { served throws(Errno) in
            guard offset >= 0, targetOffset >= 0 else { throw .invalidArgument }
            return try served.fileSystem.copyRange(
                of: FileNumber(file), FileHandle(information), at: UInt64(offset), to: FileNumber(target),
                FileHandle(targetInfo), at: UInt64(targetOffset), count: min(count, 1 << 30))
        } _: { request, _, copied in
            fuse_reply_write(request, copied)
        }
    }
    operations.flush = { request, file, information in
        answer(request) { served throws(Errno) in
            try served.fileSystem.flush(FileNumber(file), FileHandle(information))
        }
    }
    operations.fsync = { request, file, dataOnly, information in
        answer(request) { served throws(Errno) in
            try served.fileSystem.synchronize(FileNumber(file), FileHandle(information), dataOnly: dataOnly != 0)
        }
    }
    operations.fsyncdir = { request, file, dataOnly, information in
        answer(request) { served throws(Errno) in
            try served.fileSystem.synchronize(FileNumber(file), FileHandle(information), dataOnly: dataOnly != 0)
        }
    }
}

private func create(
    _ request: fuse_req_t?, _ parent: FileNumber, _ name: UnsafeRawBufferPointer, _ mode: mode_t,
    _ information: UnsafeMutablePointer<fuse_file_info>?
) {
    answer(request) { (served) throws(Errno) -> (FileAttributes, FileHandle) in
        guard let information else { throw .invalidArgument }
        return try served.fileSystem.create(
            Array(name), in: parent, mode: mode, flags: information.pointee.flags, for: Caller(of: request))
    } _: { request, served, made in
        guard let information else { return }
        information.pointee.fh = made.1.rawValue
        setCaching(information, of: made.1, served)
        var entry = fuse_entry_param(made.0, served.caching)
        if fuse_reply_create(request, &entry, information) != 0 {
            served.fileSystem.close(made.1, of: made.0.number)
            served.fileSystem.forget(made.0.number, count: 1)
        }
    }
}
