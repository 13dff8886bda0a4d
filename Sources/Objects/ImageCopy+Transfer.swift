// SPDX-License-Identifier: Apache-2.0

import Console
import LayerStore
import LinuxIO
import OCI
import Synchronization
import Threads

extension ImageCopy {
    /// Blobs that are on their way at once.
    private static let workerCount = 3

    /// Copies all of a graph, what is named before what names it.
    func copy(_ graph: SourceGraph, to place: any ImageDestination) throws -> Result {
        guard let top = graph.top else { throw CommandError("there is nothing to copy") }
        let meter = TransferMeter(blobs: graph.blobs, telling: telling)
        let (copied, present) = try meter.finishing { try copyBlobs(graph, to: place, meter) }
        for document in graph.documents { try place.take(document) }
        try place.finish(top)
        return Result(digest: top.descriptor.digest, copied: copied, present: present)
    }

    private func copyBlobs(
        _ graph: SourceGraph, to place: any ImageDestination, _ meter: TransferMeter
    ) throws -> (copied: Int, present: Int) {
        let next = Mutex(0)
        let failure = Mutex<(any Error)?>(nil)
        let copied = Mutex(0)
        // Large ones first: the longest decides when all are done.
        let order = place.isSequential ? graph.blobs : graph.blobs.sorted { $0.size > $1.size }
        let work: @Sendable () -> Void = {
            while failure.withLock({ $0 == nil }) {
                let position = next.withLock { position in
                    defer { position += 1 }
                    return position
                }
                guard position < order.count else { return }
                let blob = order[position]
                do {
                    let isCopied = try place.take(blob) { CountedStream(try graph.open(blob), blob, meter) }
                    if isCopied { copied.withLock { $0 += 1 } }
                    meter.finished(blob, isCopied: isCopied)
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
        }
        let count = place.isSequential ? 1 : max(1, min(order.count, Self.workerCount))
        let others = (1..<count).map { _ in WorkerThread(work) }
        work()
        for other in others { try other.join() }
        if let error = failure.withLock({ $0 }) { throw error }
        let sent = copied.withLock { $0 }
        return (sent, order.count - sent)
    }
}

/// A stream that tells how far it is.
private final class CountedStream: ByteStream, @unchecked Sendable {
    // SAFETY: used by one thread at a time, as every stream.
    private let stream: any ByteStream
    private let blob: ContentDescriptor
    private let meter: TransferMeter
    private var count: UInt64 = 0

    init(_ stream: any ByteStream, _ blob: ContentDescriptor, _ meter: TransferMeter) {
        self.stream = stream
        self.blob = blob
        self.meter = meter
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        let read = try stream.read(into: buffer)
        count += UInt64(read)
        meter.advanced(blob, to: count)
        return read
    }
}

/// Tells how far each blob of a copy is.
final class TransferMeter: Sendable {
    private let blobs: [Digest: Int]
    private let meter: PullMeter
    private let telling: PullMeter.Telling

    init(blobs: [ContentDescriptor], telling: PullMeter.Telling) {
        self.telling = telling
        self.blobs = Dictionary(blobs.enumerated().map { ($1.digest, $0) }) { first, _ in first }
        meter = PullMeter("copying", layers: blobs, telling: telling, noun: "blob", done: "copied")
    }

    func advanced(_ blob: ContentDescriptor, to count: UInt64) {
        guard let position = blobs[blob.digest], count < UInt64(clamping: blob.size) else { return }
        meter.report(.read(layer: position, of: blobs.count, bytes: count, total: UInt64(clamping: blob.size)))
    }

    func finished(_ blob: ContentDescriptor, isCopied: Bool) {
        guard let position = blobs[blob.digest] else { return }
        meter.finished(position, note: isCopied ? "copied" : "already there")
    }

    func finishing<Result>(_ work: () throws -> Result) rethrows -> Result { try meter.finishing(work) }
}
