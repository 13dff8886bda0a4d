// SPDX-License-Identifier: Apache-2.0

import Archive
import FileTree
import Synchronization

/// The budget of the layers that an import takes in at the same time.
final class SharedBudget: Sendable {
    private let budget: Mutex<ImportBudget>
    /// What only one layer at a time may have.
    let largeWindow = LargeWindow()

    /// Begins with nothing spent.
    init(_ limits: ImportLimits = ImportLimits()) { budget = Mutex(ImportBudget(limits)) }

    /// Spends on a layer.
    ///
    /// - Parameters:
    ///   - layer: the layer, for errors.
    ///   - entry: the name of the entry that costs it, if it is one.
    /// - Throws: `StoreError` if the image may not have so much.
    func take(_ count: UInt64, of cost: ImportCost, layer: String, entry: [UInt8]? = nil) throws {
        do throws(BudgetError) {
            try budget.withLock { budget throws(BudgetError) in try budget.take(count, of: cost) }
        } catch {
            throw StoreError(.tooLarge, layer, Self.place(entry) + "\(error)")
        }
    }

    /// Spends what every entry costs.
    ///
    /// - Throws: as `take` does.
    func take(_ entry: LayerEntry, layer: String) throws {
        do throws(BudgetError) {
            try budget.withLock { budget throws(BudgetError) in
                try budget.take(1, of: .entries)
                for attribute in entry.kind.xattrs {
                    try budget.take(ImportCost.byteCount(of: attribute), of: .attributeBytes)
                }
            }
        } catch {
            throw StoreError(.tooLarge, layer, Self.place(entry.path) + "\(error)")
        }
    }

    private static func place(_ entry: [UInt8]?) -> String {
        entry.map { "entry \"\(Bytes.escaped($0.prefix(4096)))\": " } ?? ""
    }
}
