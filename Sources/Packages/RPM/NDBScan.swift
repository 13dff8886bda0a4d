// SPDX-License-Identifier: Apache-2.0

/// The blobs of `Packages.db`: pages of slots that tell where each lies.
struct NDBScan {
    private static let object = "rpm database (ndb)"
    private let file: RecordFile

    init(_ file: RecordFile) { self.file = file }

    func forEachBlob(_ body: ([UInt8]) throws(RecordError) -> Void) throws(RecordError) {
        let header = try file.bytes(at: 0, 32, of: Self.object)
        guard header.starts(with: "RpmP"), header.word(at: 4, .little) == 0 else {
            throw RecordError(Self.object, "is none of version 0")
        }
        guard let pages = header.word(at: 12, .little), pages >= 1, pages <= 2048 else {
            throw RecordError(Self.object, "has not 1 to 2048 pages of slots")
        }
        let slots = try file.bytes(at: 32, pages * 4096 - 32, of: Self.object)
        // Blobs do not overlap, so they cannot be larger than the file together.
        var rest = file.size
        for start in stride(from: 0, to: slots.count, by: 16) {
            guard let package = slots.word(at: start + 4, .little), let block = slots.word(at: start + 8, .little),
                let count = slots.word(at: start + 12, .little)
            else { break }
            let place = "slot \(start / 16)"
            guard slots[start..<(start + 4)].elementsEqual("Slot".utf8) else {
                throw RecordError(Self.object, at: place, "has no mark")
            }
            if package == 0 || block == 0 { continue }
            let offset = UInt64(block) * 16
            let blobHeader = try file.bytes(at: offset, 16, of: Self.object)
            guard blobHeader.starts(with: "BlbS"), blobHeader.word(at: 4, .little) == package else {
                throw RecordError(Self.object, at: place, "leads to no blob of its package")
            }
            guard let length = blobHeader.word(at: 12, .little), length <= PackageLimit.headerByteCount,
                length <= count * 16, UInt64(length) <= rest
            else { throw RecordError(Self.object, at: place, "its blob is larger than its blocks") }
            rest -= UInt64(length)
            try body(try file.bytes(at: offset + 16, length, of: Self.object))
        }
    }
}
