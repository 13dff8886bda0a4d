// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage
import TestSupport
import Testing

@Suite(.enabled(if: Requirements.root), .timeLimit(.minutes(15))) struct NamedSourceTests {
    @Test(arguments: ["name", "a b/c@d", "../../x", "a//b/./c/../d", "a/", ".", "", "é,\\\n"])
    func `a text leads to the file where it can be a name, and nowhere else`(name: String) throws {
        let scratch = ScratchDirectory()
        let file = try Descriptor.open(scratch.file("data", "text"))
        let read = { @Sendable () throws -> [UInt8] in try Descriptor.open(FilePath(name)).readToEnd() }
        if ["a/", ".", ""].contains(name) {
            #expect(throws: Errno.self) { try NamedSource.naming(file, as: name, read) }
        } else {
            #expect(try NamedSource.naming(file, as: name, read) == Array("text".utf8))
        }
        #expect(throws: Errno.noSuchFileOrDirectory) { try Descriptor.open(FilePath("a b/c@d")) }
        #expect(try MountTable.read().filter { $0.type == "tmpfs" && $0.source == Array("cimg".utf8) } == [])
    }
}
