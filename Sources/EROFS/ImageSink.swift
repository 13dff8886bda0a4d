// SPDX-License-Identifier: Apache-2.0

/// Collects an image's bytes and hands them on in pieces.
struct ImageSink: ~Copyable {
    private static let capacity = 256 << 10

    private let output: (UnsafeRawBufferPointer) throws -> Void
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.capacity, alignment: 16)
    private var used = 0
    private var flushed: UInt64 = 0

    init(_ output: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.output = output }

    deinit { buffer.deallocate() }

    /// How many bytes there are so far.
    var position: UInt64 { flushed + UInt64(used) }

    /// Hands on what is collected.
    mutating func flush() throws {
        guard used > 0 else { return }
        try output(UnsafeRawBufferPointer(rebasing: buffer[..<used]))
        flushed += UInt64(used)
        used = 0
    }

    /// Appends a little-endian number.
    mutating func append<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value) throws {
        let size = MemoryLayout<Value>.size
        if buffer.count - used < size { try flush() }
        buffer.storeBytes(of: value.littleEndian, toByteOffset: used, as: Value.self)
        used += size
    }

    /// Appends bytes.
    mutating func append(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            if used == buffer.count { try flush() }
            let count = min(rest.count, buffer.count - used)
            UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + count])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            used += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Appends bytes.
    mutating func append(_ bytes: some Collection<UInt8>) throws {
        let done: Void? = try bytes.withContiguousStorageIfAvailable { try append(UnsafeRawBufferPointer($0)) }
        if done == nil { for byte in bytes { try append(byte) } }
    }

    /// Appends zeros up to a position that is not behind the present one.
    mutating func pad(to position: UInt64) throws {
        precondition(position >= self.position, "an image is written in order")
        while self.position < position {
            if used == buffer.count { try flush() }
            let count = Int(min(position - self.position, UInt64(buffer.count - used)))
            UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + count])
                .initializeMemory(as: UInt8.self, repeating: 0)
            used += count
        }
    }

    /// Appends up to `count` bytes (at least 1) that `fill` writes in place; returns how many it was asked for.
    mutating func append(
        upTo count: UInt64, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void
    ) throws -> UInt64 {
        if used == buffer.count { try flush() }
        let piece = Int(min(count, UInt64(buffer.count - used)))
        try fill(UnsafeMutableRawBufferPointer(rebasing: buffer[used..<used + piece]))
        used += piece
        return UInt64(piece)
    }
}
