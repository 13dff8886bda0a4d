// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
import SystemPackage
import Threads

/// Whether two directories have the same file under a name, told with the fewest system calls and no object for either
/// file.
///
/// The answer is yes only where that is certain; whoever hears no must look closer. Nothing but regular files is opened,
/// whatever their directories say of their types: see `Descriptor.opened(_:)`.
package struct SameFile {
    private let left: Int32
    private let right: Int32
    private let comparesTimes: Bool
    private let leftRoom: UnsafeMutableRawBufferPointer
    private let rightRoom: UnsafeMutableRawBufferPointer

    /// Prepares to compare names of two directories, both of which stay open meanwhile.
    ///
    /// - Parameters:
    ///   - left: the first directory.
    ///   - right: the second one.
    ///   - comparesTimes: whether files whose times of modification differ are not the same.
    ///   - room: memory for what is read, at least 8 KiB.
    package init(_ left: Descriptor, _ right: Descriptor, comparesTimes: Bool, room: UnsafeMutableRawBufferPointer) {
        (self.left, self.right, self.comparesTimes) = (left.rawValue, right.rawValue, comparesTimes)
        let half = room.count / 2
        leftRoom = UnsafeMutableRawBufferPointer(rebasing: room[..<half])
        rightRoom = UnsafeMutableRawBufferPointer(rebasing: room[half..<half * 2])
    }

    /// Whether both have files of equal type, mode, owner, link count, size, extended attributes and bytes or target
    /// under a name; of two regular files also where both are one.
    ///
    /// - Parameters:
    ///   - name: a name of both directories.
    ///   - typeNumber: the type that both directories list, as `d_type` has it.
    package func isSame(_ name: UnsafePointer<CChar>, typeNumber: UInt8) -> Bool {
        switch UInt32(typeNumber) << 12 {
        case S_IFREG: isSameRegular(name)
        case S_IFLNK: isSameLink(name)
        default: false
        }
    }

    private func isSameRegular(_ name: UnsafePointer<CChar>) -> Bool {
        withPlaces(name) { one, two in
            var (first, second) = (stat(), stat())
            guard attempting({ fstat(one, &first) }) == 0, attempting({ fstat(two, &second) }) == 0,
                agree(first, second), first.st_mode & S_IFMT == S_IFREG
            else { return false }
            if first.st_dev == second.st_dev && first.st_ino == second.st_ino { return true }
            return withOpened(one, two) { hasSameXattrs($0, $1) && hasSameBytes($0, $1, size: Int(first.st_size)) }
        }
    }

    private func withPlaces(_ name: UnsafePointer<CChar>, _ body: (Int32, Int32) -> Bool) -> Bool {
        let one = Descriptor.place(name, in: left)
        guard one >= 0 else { return false }
        defer { close(one) }
        let two = Descriptor.place(name, in: right)
        guard two >= 0 else { return false }
        defer { close(two) }
        return body(one, two)
    }

    private func withOpened(_ one: Int32, _ two: Int32, _ body: (Int32, Int32) -> Bool) -> Bool {
        let one = attempting({ clinux_reopen(one, O_RDONLY | O_CLOEXEC) })
        guard one >= 0 else { return false }
        defer { close(one) }
        let two = attempting({ clinux_reopen(two, O_RDONLY | O_CLOEXEC) })
        guard two >= 0 else { return false }
        defer { close(two) }
        return body(one, two)
    }

    private func isSameLink(_ name: UnsafePointer<CChar>) -> Bool {
        var (first, second) = (stat(), stat())
        guard attempting({ fstatat(left, name, &first, AT_SYMLINK_NOFOLLOW) }) == 0,
            attempting({ fstatat(right, name, &second, AT_SYMLINK_NOFOLLOW) }) == 0, agree(first, second),
            first.st_mode & S_IFMT == S_IFLNK,
            attempting({ clinux_listxattrat(left, name, nil, 0) }) == 0,
            attempting({ clinux_listxattrat(right, name, nil, 0) }) == 0,
            let one = leftRoom.baseAddress, let two = rightRoom.baseAddress
        else { return false }
        let count = attempting({ readlinkat(left, name, one.assumingMemoryBound(to: CChar.self), leftRoom.count) })
        // A full buffer may be a cut target.
        return count >= 0 && count < leftRoom.count
            && attempting({ readlinkat(right, name, two.assumingMemoryBound(to: CChar.self), rightRoom.count) })
                == count
            && memcmp(one, two, count) == 0
    }

    private func agree(_ left: stat, _ right: stat) -> Bool {
        left.st_mode == right.st_mode && left.st_uid == right.st_uid && left.st_gid == right.st_gid
            && left.st_nlink == right.st_nlink && left.st_size == right.st_size
            && (!comparesTimes
                || left.st_mtim.tv_sec == right.st_mtim.tv_sec && left.st_mtim.tv_nsec == right.st_mtim.tv_nsec)
    }

    /// Whether two open files have the same attributes in the same order.
    private func hasSameXattrs(_ one: Int32, _ two: Int32) -> Bool {
        guard let names = leftRoom.baseAddress, let others = rightRoom.baseAddress else { return false }
        // Without a buffer: the kernel takes memory for the whole of one, whatever is put into it.
        let count = attempting({ clinux_flistxattr(one, nil, 0) })
        guard count >= 0, attempting({ clinux_flistxattr(two, nil, 0) }) == count else { return false }
        if count == 0 { return true }
        // Half of the room is for the names, the other for a value.
        let half = leftRoom.count / 2
        guard attempting({ clinux_flistxattr(one, names, half) }) == count,
            attempting({ clinux_flistxattr(two, others, half) }) == count,
            memcmp(names, others, count) == 0
        else { return false }
        var offset = 0
        while offset < count {
            let name = (names + offset).assumingMemoryBound(to: CChar.self)
            let (value, other) = (names + half, others + half)
            let size = attempting({ clinux_fgetxattr(one, name, value, half) })
            guard size >= 0, attempting({ clinux_fgetxattr(two, name, other, half) }) == size,
                memcmp(value, other, size) == 0
            else {
                return false
            }
            offset += strnlen(name, count - offset) + 1
        }
        return true
    }

    private func hasSameBytes(_ one: Int32, _ two: Int32, size: Int) -> Bool {
        guard let first = leftRoom.baseAddress, let second = rightRoom.baseAddress, size >= 0 else { return false }
        var offset = 0
        while true {
            // A file that says it is empty may be one that is made while it is read.
            let wanted = size > offset ? min(leftRoom.count, size - offset) : leftRoom.count
            let count = attempting({ pread(one, first, wanted, off_t(offset)) })
            guard count >= 0, attempting({ pread(two, second, wanted, off_t(offset)) }) == count,
                memcmp(first, second, count) == 0
            else { return false }
            if size == 0 { return count == 0 }
            guard count == wanted else { return false }
            offset += count
            if offset < size, first.load(as: UInt8.self) == 0, memcmp(first, first + 1, count - 1) == 0 {
                offset = max(offset, min(nextData(one, from: offset, size), nextData(two, from: offset, size)))
            }
            if offset >= size { return true }
        }
    }

    /// Where data comes next that is no hole; the size where none does, the offset where it cannot be told.
    private func nextData(_ file: Int32, from offset: Int, _ size: Int) -> Int {
        do throws(Errno) {
            return min(size, Int(try retrying { lseek(file, off_t(offset), clinux_SEEK_DATA) }))
        } catch .noSuchAddressOrDevice {
            return size
        } catch { return offset }
    }
}
