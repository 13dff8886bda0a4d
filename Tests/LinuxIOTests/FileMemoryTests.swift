// SPDX-License-Identifier: Apache-2.0

import Foundation
import LinuxIO
import SystemPackage
import TestSupport
import Testing
import Threads

@Suite(.timeLimit(.minutes(15))) struct FileMemoryTests {
    @Test func `what is touched of a mapped file counts until it begins again`() throws {
        let scratch = ScratchDirectory()
        let path = scratch.path("large")
        try Descriptor.open(path, O_WRONLY | O_CREAT).write([UInt8](repeating: 7, count: 128 << 20))
        let file = try MappedFile(Descriptor.open(path))
        // Other tests of this process map files meanwhile, but not as much.
        let sut = FileMemory(limit: 64 << 20)
        #expect(!sut.isOverLimit)
        #expect(file.bytes.allSatisfy { $0 == 7 })
        #expect(sut.isOverLimit)
        sut.beginAgain()
        #expect(!sut.isOverLimit)
        file.release()
        #expect(!sut.isOverLimit)
        #expect(file.bytes.allSatisfy { $0 == 7 })
        #expect(sut.isOverLimit)
    }

    @Test func `a program goes on without its pages`() throws {
        for _ in 0..<20 { ProgramPages.release() }
        let workers = (0..<4).map { number in
            WorkerThread { (0..<50).map { _ in ProgramPages.release() }.count + number }
        }
        #expect(try workers.map { try $0.join() } == [50, 51, 52, 53])
    }
}
