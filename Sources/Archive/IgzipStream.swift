// SPDX-License-Identifier: Apache-2.0

#if ISAL
    import CIgzip
    import LinuxIO

    /// Inflates gzip members, one after the other (RFC 1952), with ISA-L.
    ///
    /// Zero bytes after the last member are ignored, as gzip does.
    final class GzipStream: ByteStream, @unchecked Sendable {
        // SAFETY: used by one thread at a time, as every stream; owns its memory and its inflater.
        private let source: any ByteStream
        private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 64)
        private let inflater: OpaquePointer
        private var unread: Range<Int> = 0..<0
        private var isBetweenMembers = false
        private var isAtEnd = false

        init(_ source: any ByteStream) throws {
            self.source = source
            guard let inflater = cigzip_new() else { throw ArchiveError(reason: "gzip: no memory to inflate") }
            self.inflater = inflater
        }

        deinit {
            cigzip_free(inflater)
            input.deallocate()
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let wanted = min(buffer.count, 1 << 30)
            var isSourceAtEnd = false
            while !isAtEnd {
                if unread.isEmpty, !isSourceAtEnd {
                    isSourceAtEnd = try !refill()
                    if isSourceAtEnd, isBetweenMembers {
                        isAtEnd = true
                        break
                    }
                }
                if isBetweenMembers, try !startMember() { continue }
                let before = unread.count
                let step = cigzip_inflate(
                    inflater, bytes(unread.lowerBound), UInt32(unread.count),
                    buffer.assumingMemoryBound(to: UInt8.self).baseAddress, UInt32(wanted))
                guard step.error >= 0 else {
                    throw ArchiveError(reason: "gzip: damaged data: \(Self.text(step.error))")
                }
                unread = (unread.upperBound - Int(step.unread))..<unread.upperBound
                isBetweenMembers = step.is_at_end != 0
                let count = wanted - Int(step.unwritten)
                if count > 0 { return count }
                // What is cut off gives nothing more and takes nothing more.
                if isSourceAtEnd, !isBetweenMembers, unread.count == before {
                    throw ArchiveError(reason: "gzip: the data is cut off")
                }
            }
            return 0
        }

        private func bytes(_ offset: Int) -> UnsafePointer<UInt8>? {
            input.baseAddress.map { UnsafePointer(($0 + offset).assumingMemoryBound(to: UInt8.self)) }
        }

        /// Goes on with the next member if its first byte is there; false if more input is needed.
        private func startMember() throws -> Bool {
            while let first = unread.first, input[first] == 0 { unread = (first + 1)..<unread.upperBound }
            guard let first = unread.first else { return false }
            guard input[first] == 0x1F else {
                throw ArchiveError(reason: "gzip: something else follows the compressed data")
            }
            cigzip_reset(inflater)
            isBetweenMembers = false
            return true
        }

        private func refill() throws -> Bool {
            let count = try source.read(into: input)
            unread = 0..<count
            return count > 0
        }

        private static func text(_ error: Int32) -> String {
            switch error {
            case -1: "an invalid block"
            case -2: "an invalid symbol"
            case -3: "an invalid distance"
            case -4: "an invalid header"
            case -5: "an unsupported method"
            case -6: "a wrong checksum"
            default: "error \(error)"
            }
        }
    }
#endif
