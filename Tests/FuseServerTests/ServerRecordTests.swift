// SPDX-License-Identifier: Apache-2.0

import FuseServer
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(15))) struct ServerRecordTests {
    @Test func `a record says what it was told`() throws {
        var record = ServerRecord(source: "na,me\n\u{301}@sha256:00", count: 7)
        record.isLive = true
        record.entersNamespace = true
        record.leavesForeign = true
        record.hasNotes = true
        record.marks = 3
        record.identifiers = ["0-1000-1/", ""]
        record.isChanging = true
        record.upper = "1,1,1,0,1"
        record.upperIdentity = "8:1 42"
        record.isBelow = true
        record.discarded = [0x2F, 0xFF, 0x0A, 0x20]
        record.users = ["0-1", "5-2"]
        record.groups = ["7-1"]
        record.store = "8:1 2"
        record.kernelRefusal = "no erofs"
        record.options = ["noexec", "max_read=4096"]
        #expect(ServerRecord(record.bytes) == record)
        let memory = try record.sealed()
        #expect(try ServerRecord(memory.sealedBytes(limit: 4096)) == record)
        #expect(throws: Errno.notPermitted) { try memory.write([1]) }
        #expect(throws: Errno.fileTooLarge) { try memory.sealedBytes(limit: 16) }
    }

    @Test(arguments: [
        "", "\0", "cimg-server 1\0", "cimg-server 2\0count\u{0}1\0", "cimg-server 1\0count\u{0}0\0",
        "cimg-server 1\0count\u{0}65536\0", "cimg-server 1\0count\0x\0", "cimg-server 1\0count\u{0}1",
        "cimg-server 1\0count\u{0}1\0more\0", "cimg-server 1\0count\u{0}1\0other\0x\0",
        "cimg-server 1\0count\u{0}1\0marks\u{0}256\0",
    ]) func `what is no record is none`(text: String) {
        #expect(ServerRecord(Array(text.utf8)) == nil)
    }

    @Test func `a file that could be changed is no record`() throws {
        let file = ScratchDirectory().file("record", ServerRecord(source: "x", count: 1).bytes)
        #expect(throws: Errno.self) { try Descriptor.open(file).sealedBytes(limit: 4096) }
    }
}
