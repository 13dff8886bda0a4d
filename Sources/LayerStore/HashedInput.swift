// SPDX-License-Identifier: Apache-2.0

import Archive
import OCI

/// A tar's bytes on their way to its reader, of all of which the digest is made.
///
/// A file's bytes are added to the file's digest and to the tar's in one pass, where the processor gains by it: the tar's
/// lags behind until what lies between two files is added alone.
final class HashedInput: TarInput {
    private let input: any TarInput
    private var whole = DigestHasher()
    /// What was got last, and how much of it is in the digest.
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    private var hashed = 0

    /// Bytes of another input, which must give all of them; only where `DigestHasher.isUseful`.
    init(_ input: any TarInput) { self.input = input }

    func next() throws -> UnsafeRawBufferPointer? {
        catchUp(to: piece.count)
        piece = UnsafeRawBufferPointer(start: nil, count: 0)
        hashed = 0
        guard let next = try input.next() else { return nil }
        piece = next
        return next
    }

    /// Passes over nothing: all bytes count.
    func skip(_ count: UInt64) -> UInt64 { 0 }

    /// Adds bytes to a digest of a part of the tar; they are of the piece that was got last, as all that its reader gives.
    func add(_ bytes: UnsafeRawBufferPointer, to part: inout DigestHasher) {
        guard let start = bytes.baseAddress, let first = piece.baseAddress, start >= first + hashed,
            start + bytes.count <= first + piece.count
        else {
            // Bytes of another place, or once more: they are in the tar's digest by themselves.
            part.update(bytes)
            return
        }
        catchUp(to: start - first)
        DigestHasher.update(&whole, &part, bytes)
        hashed += bytes.count
    }

    /// The digest of the tar, whose rest is read for it.
    func finish() throws -> DiffID {
        while try next() != nil {}
        return DiffID(whole.finish())
    }

    private func catchUp(to end: Int) {
        whole.update(UnsafeRawBufferPointer(rebasing: piece[hashed..<end]))
        hashed = end
    }
}

/// The digest of a file of a layer while its bytes come by.
struct ContentHasher {
    private var hasher = DigestHasher()
    private let layer: HashedInput?

    /// Starts a computation over no bytes, together with the layer's if that is made.
    init(_ layer: HashedInput?) { self.layer = layer }

    /// Adds bytes.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if let layer { layer.add(bytes, to: &hasher) } else { hasher.update(bytes) }
    }

    /// The digest of all bytes added.
    func finish() -> Digest { hasher.finish() }
}
