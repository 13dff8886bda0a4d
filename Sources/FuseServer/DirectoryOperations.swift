// SPDX-License-Identifier: Apache-2.0

import CFuse
import FileSystems
import Glibc
import SystemPackage

/// Fills in the operations that list directories.
func addDirectoryOperations(to operations: inout fuse_lowlevel_ops) {
    operations.readdir = { request, directory, count, cookie, information in
        list(request, FileNumber(directory), count, cookie, information, wantsAttributes: false)
    }
    operations.readdirplus = { request, directory, count, cookie, information in
        list(request, FileNumber(directory), count, cookie, information, wantsAttributes: true)
    }
}

private func list(
    _ request: fuse_req_t?, _ directory: FileNumber, _ count: Int, _ cookie: off_t,
    _ information: UnsafeMutablePointer<fuse_file_info>?, wantsAttributes: Bool
) {
    let done: Void? = ReplyBuffer.with(byteCount: count) { buffer in
        var page = EntryPage(request: request, buffer: buffer, isPlus: wantsAttributes)
        answer(request) { (served) throws(Errno) -> Void in
            guard cookie >= 0 else { throw .invalidArgument }
            do throws(Errno) {
                try served.fileSystem.readDirectory(
                    directory, FileHandle(information), from: UInt64(cookie), wantsAttributes: wantsAttributes
                ) { page.add($0, served.caching) }
            } catch {
                // What came before the error is good; the next call meets the error again.
                if page.count == 0 { throw error }
            }
            if page.count == 0, page.isFull { throw .invalidArgument }
        } _: { request, _, _ in
            fuse_reply_buf(request, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), page.count)
        }
    }
    if done == nil, let request { fuse_reply_err(request, ENOMEM) }
}

/// The entries of one READDIR or READDIRPLUS reply.
private struct EntryPage {
    let request: fuse_req_t?
    let buffer: UnsafeMutableRawBufferPointer
    let isPlus: Bool
    /// Bytes in use.
    var count = 0
    /// Whether an entry found no room.
    var isFull = false

    /// Adds an entry where there is room for it; returns whether there was.
    mutating func add(_ entry: DirectoryEntry, _ caching: CachePolicy) -> Bool {
        guard let request, let next = off_t(exactly: entry.nextCookie), entry.name.count <= 255 else { return false }
        let room = buffer.count - count
        let start = buffer.baseAddress.map { ($0 + count).assumingMemoryBound(to: CChar.self) }
        let needed = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { name in
            name.copyMemory(from: entry.name)
            name[entry.name.count] = 0
            let text = name.assumingMemoryBound(to: CChar.self).baseAddress
            guard isPlus else {
                var status = stat(entry)
                return fuse_add_direntry(request, start, room, text, &status, next)
            }
            var parameters = entry.attributes.map { fuse_entry_param($0, caching) } ?? fuse_entry_param(unknown: entry)
            // The kernel keeps no reference of these two, but their numbers are shown.
            if entry.isDot { parameters.ino = 0 }
            return fuse_add_direntry_plus(request, start, room, text, &parameters, next)
        }
        guard needed <= room else {
            isFull = true
            return false
        }
        count += needed
        return true
    }
}
