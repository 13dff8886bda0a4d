// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Glibc
package import SystemPackage
import Threads

/// A file of any type, held without being open (`O_PATH`): whatever happens to its names, it stays this file.
///
/// Names are single components in this file, which then must be a directory. Symbolic links are never followed: a
/// descriptor of one is the link itself. What has no call for such descriptors goes through `/proc/self/fd`.
package struct PathDescriptor: Sendable {
    /// The descriptor.
    package let descriptor: Descriptor

    /// Wraps a descriptor that was opened with `O_PATH`.
    package init(_ descriptor: Descriptor) { self.descriptor = descriptor }

    /// The file of a name; what is mounted there counts.
    ///
    /// The corresponding C function is openat(2).
    package func child(_ name: [UInt8]) throws(Errno) -> PathDescriptor {
        try Self.check(name)
        return PathDescriptor(try descriptor.openPlace(name, O_NOFOLLOW))
    }

    /// The same file as an open one has.
    package init(of file: Descriptor) throws(Errno) {
        self.init(try Descriptor.open(FilePath("/proc/self/fd/\(file.rawValue)"), clinux_O_PATH))
    }

    /// Opens the file itself: see `Descriptor.opened(_:)`.
    package func open(_ flags: Int32) throws(Errno) -> Descriptor { try descriptor.opened(flags) }

    /// Metadata: fstat(2).
    package func status() throws(Errno) -> stat { try descriptor.status() }

    /// The device number that the file's metadata have, told by the kernel without asking the file system.
    package func device() throws(Errno) -> UInt64 {
        var device: UInt64 = 0
        _ = try retrying { clinux_device_of(number, &device) }
        return device
    }

    /// The target of this symbolic link; `.invalidArgument` for anything else.
    package func target() throws(Errno) -> [UInt8] {
        guard try status().st_mode & S_IFMT == S_IFLNK else { throw .invalidArgument }
        return try descriptor.entryTarget([])
    }

    /// What statvfs(3) tells of the file system.
    package func fileSystem() throws(Errno) -> statvfs {
        var result = statvfs()
        _ = try retrying { fstatvfs(number, &result) }
        return result
    }

    /// Whether the file's content is made up when it is read, so that its size says nothing: `/proc` and its like.
    package func isMadeUp() throws(Errno) -> Bool {
        var type: Int64 = 0
        _ = try retrying { clinux_file_system_type(number, &type) }
        return Self.madeUpTypes.contains(type)
    }

    /// proc, sysfs, cgroup, cgroup2, securityfs, selinuxfs, debugfs, tracefs, binfmt_misc, configfs, fusectl, nsfs.
    private static let madeUpTypes: Set<Int64> = [
        0x9FA0, 0x6265_6572, 0x27_E0EB, 0x6367_7270, 0x7363_6673, 0xF97C_FF8C, 0x6462_6720, 0x7472_6163, 0x4249_4E4D,
        0x6265_6570, 0x6573_5543, 0x6E73_6673,
    ]

    /// Refuses what is no single component.
    static func check(_ name: [UInt8]) throws(Errno) {
        guard !name.isEmpty, !name.contains(0), !name.contains(UInt8(ascii: "/")), name != [0x2E], name != [0x2E, 0x2E]
        else { throw .invalidArgument }
        guard name.count <= 255 else { throw .fileNameTooLong }
    }

    var number: Int32 { descriptor.rawValue }

    /// A path that leads to the file itself for calls that follow links.
    var path: [UInt8] { Self.path(number) }

    private static func path(_ number: Int32) -> [UInt8] { Array("/proc/self/fd/\(number)".utf8) }
}
