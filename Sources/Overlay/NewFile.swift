// SPDX-License-Identifier: Apache-2.0

import FileSystems
import FileTree
import Glibc
import LinuxIO
import OverlayLayers
import Synchronization
import SystemPackage

extension OverlayFileSystem {
    /// What is made in a directory of the upper inherits.
    func inheritance(
        of directory: DiskDirectory, _ open: Descriptor
    ) throws(Errno) -> DirectoryFacts.Inheritance {
        let (known, count) = directory.facts.withLock { ($0.inheritance, $0.changeCount) }
        if let known { return known }
        let status = try open.status()
        var found = DirectoryFacts.Inheritance()
        if status.st_mode & S_ISGID != 0 { found.group = status.st_gid }
        found.list = try open.entryXattr(Self.defaultACL, of: [UInt8(ascii: ".")])
        directory.facts.withLock { facts in
            // A change meanwhile may have come after the look.
            if facts.changeCount == count { facts.inheritance = found }
        }
        return found
    }

    /// Takes note that a directory's attributes have changed.
    func forgetInheritance(of node: OverlayNode) {
        guard let top = node.stack.first, top.layer == 0, case .disk(let disk) = top.kind else { return }
        disk.facts.withLock { facts in
            facts.inheritance = nil
            facts.changeCount &+= 1
        }
    }
}

/// What was made: what is shown of it, and the open file if it was to be opened.
struct MadeFile {
    var status: LayerStatus
    var file: Descriptor?
}

/// What is to be made.
struct NewFile {
    var type: FileTree.FileType
    var mode: UInt32
    var caller: Caller
    var device = DeviceNumber()
    var target: [UInt8]?
    var isOpened = false

    init(
        _ type: FileTree.FileType, _ mode: UInt32, _ caller: Caller, device: DeviceNumber = DeviceNumber(),
        target: [UInt8]? = nil, isOpened: Bool = false
    ) {
        self.type = type
        self.mode = mode & 0o7777
        self.caller = caller
        self.device = device
        self.target = target
        self.isOpened = isOpened
    }
}
