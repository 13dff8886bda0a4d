// SPDX-License-Identifier: Apache-2.0

import Archive
package import FileTree

/// The tar of a layer: the same bytes for the same plan and the same files.
package enum LayerTar {
    private static let pieceByteCount = 256 << 10

    /// Writes it.
    ///
    /// - Parameters:
    ///   - whole: the tree that the plan was made of.
    ///   - write: gets the bytes in order, valid during the call.
    /// - Throws: `AuthoringError` for a file that became shorter meanwhile; what the tree and `write` throw.
    package static func write(
        _ plan: LayerPlan, of whole: any TreeSource, _ write: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var tar = TarWriter(write)
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceByteCount, alignment: 64)
        defer { piece.deallocate() }
        let mark = Attributes(type: .regular, permissions: 0)
        for item in plan.items {
            switch item {
            case .whiteout(let path):
                try tar.begin(path, mark)
            case .opaque(let directory):
                let name = Array(".wh..wh..opq".utf8)
                try tar.begin(directory.isEmpty ? name : directory + [UInt8(ascii: "/")] + name, mark)
            case .link(let path, let target, let attributes):
                try tar.link(path, to: target, attributes)
            case .file(let path, let node, let attributes):
                try tar.begin(path.isEmpty ? Array("./".utf8) : path, attributes)
                guard attributes.type == .regular else { continue }
                var offset: UInt64 = 0
                while offset < attributes.size {
                    let count: Int
                    do {
                        count = try whole.read(node, at: offset, into: piece)
                    } catch is VanishedFile {
                        throw AuthoringError(path, "went away while it was read")
                    }
                    if count == 0 { break }
                    try tar.data(UnsafeRawBufferPointer(rebasing: piece[..<count]))
                    offset += UInt64(count)
                }
                guard try tar.end() == 0 else { throw AuthoringError(path, "became shorter while it was read") }
            }
        }
        try tar.finish()
    }
}
