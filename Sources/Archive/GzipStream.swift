// SPDX-License-Identifier: Apache-2.0

#if !ISAL
    import CLibZ
    import LinuxIO

    /// Inflates gzip members, one after the other (RFC 1952).
    ///
    /// Zero bytes after the last member are ignored, as gzip does.
    final class GzipStream: ByteStream, @unchecked Sendable {
        // SAFETY: used by one thread at a time, as every stream; owns its memory and its z_stream.
        private static let inputByteCount = 256 * 1024
        private let source: any ByteStream
        private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputByteCount, alignment: 64)
        private let state: UnsafeMutablePointer<z_stream>
        private var isBetweenMembers = false
        private var isAtEnd = false

        init(_ source: any ByteStream) throws {
            self.source = source
            state = .allocate(capacity: 1)
            state.initialize(to: z_stream())
            // 15 bits of window, and 16 for the gzip wrapper alone.
            guard inflateInit2_(state, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
                throw ArchiveError(reason: "gzip: no memory to inflate")
            }
        }

        deinit {
            inflateEnd(state)
            state.deallocate()
            input.deallocate()
        }

        func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
            let wanted = min(buffer.count, 1 << 30)
            state.pointee.next_out = buffer.assumingMemoryBound(to: UInt8.self).baseAddress
            state.pointee.avail_out = UInt32(wanted)
            while state.pointee.avail_out == UInt32(wanted), !isAtEnd {
                if state.pointee.avail_in == 0, try !refill() {
                    guard isBetweenMembers else { throw ArchiveError(reason: "gzip: the data is cut off") }
                    isAtEnd = true
                    break
                }
                if isBetweenMembers, try !startMember() { break }
                try step()
            }
            return wanted - Int(state.pointee.avail_out)
        }

        private func step() throws {
            let result = inflate(state, Z_NO_FLUSH)
            switch result {
            case Z_OK, Z_BUF_ERROR: return
            case Z_STREAM_END: isBetweenMembers = true
            default:
                let message = state.pointee.msg.map { String(cString: $0) } ?? "error \(result)"
                throw ArchiveError(reason: "gzip: damaged data: \(message)")
            }
        }

        /// Goes on with the next member; false if only zero bytes follow.
        private func startMember() throws -> Bool {
            repeat {
                while state.pointee.avail_in > 0, state.pointee.next_in.pointee == 0 {
                    state.pointee.next_in += 1
                    state.pointee.avail_in -= 1
                }
                if state.pointee.avail_in > 0 {
                    guard state.pointee.next_in.pointee == 0x1F else {
                        throw ArchiveError(reason: "gzip: something else follows the compressed data")
                    }
                    inflateReset(state)
                    isBetweenMembers = false
                    return true
                }
            } while try refill()
            isAtEnd = true
            return false
        }

        private func refill() throws -> Bool {
            let count = try source.read(into: input)
            state.pointee.next_in = input.assumingMemoryBound(to: UInt8.self).baseAddress
            state.pointee.avail_in = UInt32(count)
            return count > 0
        }
    }
#endif
