// SPDX-License-Identifier: Apache-2.0

package import FileTree

/// One rule of flattening: layers and the tree they make, or the error.
///
/// The same cases are run with entries in memory and with tars.
package struct FlatteningCase: Sendable, CustomStringConvertible {
    /// What is to come out.
    package enum Outcome: Sendable, Equatable {
        /// The lines of `FlatDump`.
        case tree([String])
        /// The text of the error after its layer.
        case error(String)
    }

    /// The rule, as a sentence.
    package let description: String
    /// Base layer first.
    package let layers: [[LayerItem]]
    /// What is to come out.
    package let outcome: Outcome
    /// What the report is to be; nil where it does not matter.
    package let report: Flattener.Report?

    init(
        _ description: String, _ layers: [LayerItem]..., gives lines: [String],
        report: ((inout Flattener.Report) -> Void)? = nil
    ) {
        self.description = description
        self.layers = layers
        outcome = .tree(lines)
        self.report = report.map {
            var report = Flattener.Report()
            $0(&report)
            return report
        }
    }

    init(_ description: String, _ layers: [LayerItem]..., fails error: String) {
        self.description = description
        self.layers = layers
        outcome = .error(error)
        report = nil
    }

    /// Flattens layers that were read somehow.
    ///
    /// - Parameter layers: entries, and the bytes that their extents point into.
    package static func flatten(
        _ layers: [(layer: MemoryLayer, bytes: [UInt8])]
    ) throws -> (outcome: Outcome, report: Flattener.Report) {
        var flattener = Flattener()
        do {
            for layer in layers { try flattener.apply(layer.layer) }
        } catch let error as LayerError {
            return (.error("\"\(Bytes.escaped(error.path))\": \(error.reason)"), flattener.report)
        }
        let report = flattener.report
        return (.tree(try FlatDump.lines(flattener.freeze(), layers: layers.map(\.bytes))), report)
    }
}
