// SPDX-License-Identifier: Apache-2.0

package import FileTree
package import OCI

/// What the layers of an image cost, exactly: each byte of a file is either seen in the tree or dead.
package struct LayerCosts: Sendable {
    /// Bytes of files by what became of them.
    package struct Sum: Hashable, Sendable {
        /// Bytes that the tree refers to.
        package var visible: UInt64 = 0
        /// Bytes that it does not, by cause.
        package var dead: [DeadCause: UInt64] = [:]

        /// No bytes.
        package init() {}

        /// All dead bytes.
        package var allDead: UInt64 { dead.values.reduce(0, &+) }
        /// All bytes.
        package var payload: UInt64 { visible &+ allDead }
        /// Which part of them is seen: 1 where there are none.
        package var visibleShare: Double { payload == 0 ? 1 : Double(visible) / Double(payload) }

        /// Adds those of another layer.
        package mutating func add(_ other: Sum) {
            visible &+= other.visible
            dead.merge(other.dead) { $0 &+ $1 }
        }
    }

    /// What a layer costs.
    package struct Layer: Sendable {
        /// The layer.
        package let diffID: DiffID
        /// Bytes of its tar.
        package let tarByteCount: UInt64
        /// Bytes of it as it is stored; nil where that is not known.
        package let blobByteCount: UInt64?
        /// Its entries.
        package var entryCount = 0
        /// Its files with bytes of their own.
        package var fileCount = 0
        /// Its whiteouts and opaque markers.
        package var whiteoutCount = 0
        /// Its files' bytes.
        package var bytes = Sum()
        /// Dead bytes of the layers below that are dead by its doing.
        package var killed: UInt64 = 0

        /// What is no file's bytes: headers, padding, the end.
        package var overhead: UInt64 { tarByteCount - min(tarByteCount, bytes.payload) }
        /// Bytes of the blob that its dead files are likely to take: as large a part of it as of the tar.
        package var deadBlobByteCount: UInt64? {
            blobByteCount.map { blob in
                tarByteCount == 0 ? 0 : UInt64(Double(blob) * Double(bytes.allDead) / Double(tarByteCount))
            }
        }
    }

    /// The layers, base first.
    package internal(set) var layers: [Layer]
    /// The dead files: the largest first, then by path.
    package internal(set) var deadFiles: [DeadFile] = []
    /// Content that the tree has several times, what costs most first.
    package internal(set) var duplicates: [DuplicateContent] = []
    /// What flattening met.
    package internal(set) var report = Flattener.Report()

    /// The sums of a range of layers.
    package func total(_ range: Range<Int>? = nil) -> Sum {
        layers[range ?? layers.indices].reduce(into: Sum()) { $0.add($1.bytes) }
    }

    /// Bytes of all tars.
    package var tarByteCount: UInt64 { layers.reduce(0) { $0 &+ $1.tarByteCount } }
    /// Bytes of all blobs; nil where that of one is not known.
    package var blobByteCount: UInt64? {
        layers.reduce(0) { sum, layer in sum.flatMap { sum in layer.blobByteCount.map { sum &+ $0 } } }
    }
}
