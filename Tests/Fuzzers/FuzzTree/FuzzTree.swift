// SPDX-License-Identifier: Apache-2.0

import CFuzzer
import EROFS
import FileTree
import Glibc

/// Mutated bytes as an EROFS tree and as the notes beside it, walked as a mount would.
@main
enum FuzzTree {
    static func main() throws {
        // `scripts/fuzz` asks for the first input before it starts.
        if CommandLine.arguments.dropFirst().first == "--seed" {
            let image = try seedImage()
            exit(write(STDOUT_FILENO, image, image.count) == image.count ? 0 : 1)
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in test(start, count) })
    }
}

private func test(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let image = OwnedBytes(UnsafeBufferPointer(start: start, count: count))
    image.repairChecksum()
    if let tree = try? EROFSImage(bytes: image.bytes, owner: image) { walk(tree) }
    if let notes = try? TreeNotes(bytes: image.bytes, owner: image) {
        for ordinal in [0, 1, UInt32(truncatingIfNeeded: notes.count), .max] {
            _ = notes.layer(of: ordinal)
            _ = notes.digest(of: ordinal)
        }
    }
    return 0
}

/// Visits what the root reaches, cycles included, until enough was seen.
private func walk(_ tree: EROFSImage) {
    var open = [tree.rootNumber]
    var remaining = 500
    while let number = open.popLast(), remaining > 0 {
        remaining -= 1
        guard let inode = try? tree.record(number) else { continue }
        for attribute in (try? tree.xattrs(of: inode)) ?? [] {
            precondition(!attribute.name.isEmpty, "an attribute without a name")
            _ = try? tree.xattr(attribute.name, of: inode)
        }
        _ = try? tree.xattr(Array("user.absent".utf8), of: inode)
        _ = try? tree.target(inode)
        for offset in [0, 1, inode.size / 2, inode.size &- 1, inode.size] {
            guard let mapping = try? tree.map(inode, at: offset), offset < inode.size else { continue }
            precondition(mapping.length > 0 && mapping.length <= inode.size - offset, "a mapping beyond the file")
            if case .metadata(let start, let length) = mapping {
                precondition(start <= UInt64(tree.bytes.count), "a mapping outside the image")
                precondition(length <= UInt64(tree.bytes.count) - start, "a mapping outside the image")
            }
        }
        var entries = 200
        try? tree.readDirectory(inode, from: 0) { entry in
            precondition((1...255).contains(entry.name.count), "a name of impossible length")
            _ = try? tree.lookup(entry.name, in: inode)
            open.append(entry.number)
            entries -= 1
            return entries > 0 && open.count < 10_000
        }
    }
}

/// A copy of the input that lives as long as the tree which reads it.
private final class OwnedBytes: @unchecked Sendable {
    // SAFETY: written before it is shared, only read afterwards.
    private let memory: UnsafeMutableRawBufferPointer

    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(memory) }

    init(_ input: UnsafeBufferPointer<UInt8>) {
        memory = .allocate(byteCount: input.count, alignment: 4096)
        memory.copyBytes(from: input)
    }

    deinit { memory.deallocate() }

    /// Makes the superblock's checksum right, which no mutation would hit.
    func repairChecksum() {
        guard memory.count >= 1536 else { return }
        memory.storeBytes(of: 0, toByteOffset: 1028, as: UInt32.self)
        var state = UInt32.max
        for byte in memory[1024..<1536] {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        memory.storeBytes(of: state.littleEndian, toByteOffset: 1028, as: UInt32.self)
    }
}
