// SPDX-License-Identifier: Apache-2.0

/// A record of packages that is not what it should be.
package struct RecordError: Error, Hashable, CustomStringConvertible {
    /// What kind of record: `dpkg status`, `rpm header`.
    package let object: String
    /// Where in it; nil where the whole is meant.
    package let place: String?
    /// What is wrong.
    package let cause: String

    /// Makes an error.
    package init(_ object: String, at place: String? = nil, _ cause: String) {
        self.object = object
        self.place = place
        self.cause = cause
    }

    package var description: String { [object, place, cause].compactMap { $0 }.joined(separator: ": ") }
}

/// What readers take at the most.
package enum PackageLimit {
    /// Bytes of a record that is read as a whole.
    package static let recordByteCount: UInt64 = 128 << 20
    /// Packages of one record.
    package static let packages = 1_000_000
    /// Files of one package.
    package static let files = 2_000_000
    /// Bytes of one rpm header.
    package static let headerByteCount = 32 << 20
    /// Bytes of one manifest of a language: a `METADATA`, a `package.json`, a `pom.properties`.
    package static let manifestByteCount: UInt64 = 10 << 20
    /// Bytes of the list of what a program was built from, inflated.
    package static let buildListByteCount = 8 << 20
    /// Damaged places of one record that are told.
    package static let problems = 1000
    /// Members of one archive.
    package static let members = 500_000
}

/// A record that is too large to be read as a whole: bytes that are asked for a range at a time.
package struct RecordFile {
    /// Its size in bytes.
    package let size: UInt64
    private let source: (UInt64, Int) throws -> [UInt8]

    /// Makes a file.
    ///
    /// - Parameters:
    ///   - size: its bytes.
    ///   - source: gives up to so many bytes from an offset on; fewer only at the end.
    package init(size: UInt64, _ source: @escaping (_ offset: UInt64, _ count: Int) throws -> [UInt8]) {
        self.size = size
        self.source = source
    }

    /// Makes a file of bytes in memory.
    package init(_ bytes: [UInt8]) {
        self.init(size: UInt64(bytes.count)) { offset, count in
            guard let start = Int(exactly: offset), start < bytes.count else { return [] }
            return Array(bytes[start..<(start + min(count, bytes.count - start))])
        }
    }

    /// Exactly `count` bytes from an offset on.
    ///
    /// - Throws: `RecordError` that names `object`, also for what the source throws.
    package func bytes(at offset: UInt64, _ count: Int, of object: String) throws(RecordError) -> [UInt8] {
        guard count >= 0, offset <= size, UInt64(count) <= size - offset else {
            throw RecordError(object, at: "byte \(offset)", "the file ends before it")
        }
        let bytes: [UInt8]
        do {
            bytes = try source(offset, count)
        } catch {
            throw RecordError(object, at: "byte \(offset)", "\(error)")
        }
        guard bytes.count == count else { throw RecordError(object, at: "byte \(offset)", "the file ends before it") }
        return bytes
    }
}

/// A byte order.
package enum Endian {
    /// The high byte first.
    case big
    /// The low byte first.
    case little
}

extension Array where Element == UInt8 {
    /// The unsigned number of up to 8 bytes at a place; nil beyond the end.
    package func number(at place: Int, _ count: Int, _ endian: Endian) -> UInt64? {
        guard place >= 0, place <= self.count, count <= self.count - place else { return nil }
        var value: UInt64 = 0
        for step in 0..<count {
            value = value << 8 | UInt64(self[endian == .big ? place + step : place + count - 1 - step])
        }
        return value
    }

    /// The number of four bytes at a place; nil beyond the end.
    func word(at place: Int, _ endian: Endian) -> Int? { number(at: place, 4, endian).map { Int($0) } }

    /// The number of two bytes at a place; nil beyond the end.
    func half(at place: Int, _ endian: Endian) -> Int? { number(at: place, 2, endian).map { Int($0) } }

    /// Whether they begin with a text.
    func starts(with text: StaticString) -> Bool {
        starts(with: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }
}
