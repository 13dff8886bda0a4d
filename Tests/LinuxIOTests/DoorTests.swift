// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing
import Threads

@Suite(.timeLimit(.minutes(15))) struct DoorTests {
    /// A directory with a file and whatever else a directory may have.
    private func sample() throws -> (scratch: ScratchDirectory, directory: Descriptor) {
        let scratch = ScratchDirectory()
        scratch.file("file", "bytes")
        scratch.directory("directory")
        #expect(mkfifo(scratch.path("fifo").string, 0o666) == 0)
        #expect(symlink("file", scratch.path("link").string) == 0)
        let socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = scratch.path("socket").string
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
        _ = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        close(socket)
        return (scratch, try Descriptor.open(scratch.path, O_RDONLY | O_DIRECTORY))
    }

    @Test(arguments: ["fifo", "socket"], [O_RDONLY, O_RDWR, O_WRONLY | O_CREAT, O_WRONLY | O_CREAT | O_TRUNC])
    func `what is neither file nor directory is not opened in any way`(name: String, flags: Int32) throws {
        let (scratch, directory) = try sample()
        #expect(throws: Errno.noSuchAddressOrDevice) {
            try directory.openBeneath(name, flags, mode: flags & O_CREAT == 0 ? 0 : 0o600)
        }
        #expect(throws: Errno.noSuchAddressOrDevice) { try Descriptor.open(scratch.path(name), flags) }
        let place = try directory.openPathBeneath(Array(name.utf8))
        #expect(throws: Errno.noSuchAddressOrDevice) { try place.openEntry([], flags & ~O_CREAT) }
        #expect(throws: Errno.noSuchAddressOrDevice) { try PathDescriptor(place).open(flags & ~O_CREAT) }
    }

    @Test(.enabled(if: Requirements.root)) func `a device is not opened, but for the one that is nothing`() throws {
        let (scratch, directory) = try sample()
        #expect(mknod(scratch.path("zero").string, S_IFCHR | 0o666, deviceNumber(major: 1, minor: 5)) == 0)
        #expect(mknod(scratch.path("null").string, S_IFCHR | 0o666, deviceNumber(major: 1, minor: 3)) == 0)
        #expect(mknod(scratch.path("disk").string, S_IFBLK | 0o666, deviceNumber(major: 7, minor: 0)) == 0)
        for name in ["zero", "disk"] {
            #expect(throws: Errno.noSuchAddressOrDevice) { try directory.openBeneath(name) }
        }
        _ = try directory.openBeneath("null")
    }

    @Test func `files and directories are opened as before, and new ones are made`() throws {
        let (scratch, directory) = try sample()
        #expect(try directory.openBeneath("file").readToEnd() == Array("bytes".utf8))
        #expect(try directory.openBeneath("directory").entryNames() == [])
        try directory.openBeneath("file", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600).write(Array("new".utf8))
        #expect(try directory.openBeneath("file").readToEnd() == Array("new".utf8))
        try directory.openBeneath("made", O_RDWR | O_CREAT, mode: 0o640).write(Array("made".utf8))
        #expect(try directory.entryStatus(Array("made".utf8)).st_mode == S_IFREG | 0o640)
        #expect(try Descriptor.open(scratch.path("link")).readToEnd() == Array("new".utf8))
        #expect(throws: Errno.tooManySymbolicLinkLevels) { try directory.openBeneath("link") }
        #expect(throws: Errno.noSuchFileOrDirectory) { try directory.openBeneath("none") }
        #expect(throws: Errno.fileExists) { try directory.openBeneath("fifo", O_RDWR | O_CREAT | O_EXCL, mode: 0o600) }
    }

    @Test func `a pipe is a stream that can be named`() throws {
        let (scratch, _) = try sample()
        let path = scratch.path("fifo").string
        let writer = try WorkerThread.started {
            // The one who opens the other end is waited for.
            let file = FileDescriptor(rawValue: open(path, O_WRONLY))
            _ = try file.closeAfter { try file.writeAll("through".utf8) }
        }
        let stream = try Descriptor.openStream(scratch.path("fifo"))
        #expect(try stream.readToEnd() == Array("through".utf8))
        _ = try writer.join()
        #expect(throws: Errno.noSuchAddressOrDevice) { try Descriptor.openStream(scratch.path("socket")) }
    }

    /// A fifo can be opened for writing at once only while somebody has it open for reading.
    @Test func `a fifo that takes a file's name between look and opening is never opened`() throws {
        let (scratch, directory) = try sample()
        let (file, fifo) = (scratch.path("file").string, scratch.path("fifo").string)
        let other = ScratchDirectory()
        other.file("file", "bytes")
        let right = try Descriptor.open(other.path, O_RDONLY | O_DIRECTORY)
        let isDone = Flag()
        let swapper = try WorkerThread.started {
            var opened = 0
            while !isDone.isSet {
                try Descriptor.rename(Array(file.utf8), to: Array(fifo.utf8), flags: .exchange)
                for name in [file, fifo] {
                    var status = stat()
                    guard lstat(name, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else { continue }
                    let number = open(name, O_WRONLY | O_NONBLOCK)
                    if number >= 0, fstat(number, &status) == 0, status.st_mode & S_IFMT == S_IFIFO { opened += 1 }
                    close(number)
                }
            }
            return opened
        }
        var room = [UInt8](repeating: 0, count: 1 << 16)
        for _ in 0..<10_000 {
            do throws(Errno) {
                let type = try directory.openBeneath("file").status().st_mode & S_IFMT
                #expect(type == S_IFREG)
            } catch {
                #expect(error == .noSuchAddressOrDevice)
            }
            room.withUnsafeMutableBytes { room in
                _ = SameFile(directory, right, comparesTimes: false, room: room).isSame("file", typeNumber: 8)
            }
        }
        isDone.set()
        #expect(try swapper.join() == 0)
    }
}

/// Whether a thread shall end.
final class Flag: Sendable {
    private let monitor = Monitor()
    private nonisolated(unsafe) var value = false

    var isSet: Bool { monitor.hold { value } }

    func set() { monitor.hold { value = true } }
}
