// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.kernelEROFS), .timeLimit(.minutes(15))) struct LoopDeviceTests {
    @Test func `a file is a block device for as long as somebody has it open`() throws {
        let scratch = ScratchDirectory()
        let content = (0..<1300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let file = try Descriptor.open(scratch.file("data", content))
        let backing = "\(scratch.path)/data\n"
        var number = ""
        do {
            let device = try LoopDevice(file, blockSize: 512)
            let path = String(decoding: try MountPoint.path(of: device.descriptor), as: UTF8.self)
            number = String(path.dropFirst("/dev/loop".count))
            #expect(path.hasPrefix("/dev/loop"))
            #expect(text("backing_file", number) == backing)
            #expect(text("autoclear", number) == "1\n")
            var buffer = [UInt8](repeating: 0, count: 2000)
            let count = try buffer.withUnsafeMutableBytes { try device.descriptor.read(at: 0, into: $0) }
            // The end of the file is no whole block.
            #expect(Array(buffer[..<count]) == Array(content[..<1024]))
            #expect(throws: Errno.self) { try Descriptor.open(FilePath(path), O_RDWR).write([1]) }
        }
        #expect(text("backing_file", number) != backing)
    }

    private func text(_ name: String, _ number: String) -> String? {
        let file = try? Descriptor.open(FilePath("/sys/block/loop\(number)/loop/\(name)"))
        return file.flatMap { try? $0.readToEnd() }.map { String(decoding: $0, as: UTF8.self) }
    }
}
