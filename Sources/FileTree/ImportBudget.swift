// SPDX-License-Identifier: Apache-2.0

/// What an image can make an import spend, each with a limit for the whole image.
package enum ImportCost: Int, CaseIterable, Sendable {
    /// Entries of its layers.
    case entries
    /// Directories that no entry describes: `a` and `a/b` where there is only `a/b/c`.
    case impliedDirectories
    /// Bytes of the names of its files, each name's own component alone.
    case nameBytes
    /// Bytes of extended attributes: name and value, and 256 for each.
    case attributeBytes
    /// Bytes of chunk tables, and of pieces of sparse files that are copied into the tree.
    case chunkBytes
    /// Bytes of holes that are hashed as zeros.
    case holeBytes
    /// Steps through symbolic links of the same layer on the way to an entry's place.
    case linkSteps
    /// Bytes that come out of a layer beyond a hundred times those that went in.
    case inflatedBytes

    /// The cost of an extended attribute.
    package static func byteCount(of attribute: ExtendedAttribute) -> UInt64 {
        UInt64(attribute.name.count + attribute.value.count + 256)
    }

    /// The end of a sentence that begins with `more than 5`.
    fileprivate var things: String {
        switch self {
        case .entries: "entries in the image"
        case .impliedDirectories: "directories in the image that no entry describes"
        case .nameBytes: "bytes of file names in the image"
        case .attributeBytes: "bytes of extended attributes in the image"
        case .chunkBytes: "bytes to say where the pieces of the image's sparse files lie"
        case .holeBytes: "bytes of holes to be hashed in the image"
        case .linkSteps: "steps through the image's symbolic links"
        case .inflatedBytes: "bytes in the image that were compressed to less than a hundredth"
        }
    }
}

/// How much of each cost an image may have.
package struct ImportLimits: Sendable {
    /// A limit that grows with the image.
    package struct Limit: Sendable {
        /// What every image may have.
        package var base: UInt64
        /// And so much more for each entry of its layers.
        package var perEntry: UInt64

        /// Makes a limit.
        package init(_ base: UInt64, perEntry: UInt64 = 0) {
            self.base = base
            self.perEntry = perEntry
        }
    }

    private var limits: [Limit]

    /// The limits that are used unless a test wants others.
    package init() {
        limits = ImportCost.allCases.map { cost in
            switch cost {
            case .entries: Limit(64_000_000)
            case .impliedDirectories: Limit(500_000, perEntry: 1)
            case .nameBytes: Limit(32 << 20, perEntry: 60)
            case .attributeBytes: Limit(64 << 20, perEntry: 2 << 10)
            case .chunkBytes: Limit(512 << 20, perEntry: 64)
            case .holeBytes: Limit(16 << 30)
            case .linkSteps: Limit(10_000_000, perEntry: 32)
            case .inflatedBytes: Limit(16 << 30)
            }
        }
    }

    /// The limit of a cost.
    package subscript(cost: ImportCost) -> Limit {
        get { limits[cost.rawValue] }
        set { limits[cost.rawValue] = newValue }
    }
}

/// What an import has spent so far, and what it may.
///
/// One value counts the taking in of all layers that an import reads, another the making of the tree, so that this is
/// the same whether its layers were there before.
package struct ImportBudget: Sendable {
    private let limits: ImportLimits
    private var spent = [UInt64](repeating: 0, count: ImportCost.allCases.count)

    /// Begins with nothing spent.
    package init(_ limits: ImportLimits = ImportLimits()) { self.limits = limits }

    /// Spends so much, before it is done.
    ///
    /// - Throws: `BudgetError` if it would be more than the image may.
    package mutating func take(_ count: UInt64, of cost: ImportCost) throws(BudgetError) {
        let (sum, isBeyond) = spent[cost.rawValue].addingReportingOverflow(count)
        let limit = limit(of: cost)
        guard !isBeyond, sum <= limit else { throw BudgetError(cost: cost, limit: limit) }
        spent[cost.rawValue] = sum
    }

    /// Gives back what turned out not to be needed, of what was taken.
    package mutating func giveBack(_ count: UInt64, of cost: ImportCost) { spent[cost.rawValue] -= count }

    /// What the image may have by now.
    package func limit(of cost: ImportCost) -> UInt64 {
        let limit = limits[cost]
        let (more, isBeyond) = limit.perEntry.multipliedReportingOverflow(by: spent[ImportCost.entries.rawValue])
        let (sum, overflow) = limit.base.addingReportingOverflow(more)
        return isBeyond || overflow ? .max : sum
    }
}

/// Why an import goes no further: the image asks for more than any may.
package struct BudgetError: Error, Equatable, CustomStringConvertible {
    /// Of what.
    package let cost: ImportCost
    /// How much there may be.
    package let limit: UInt64

    package var description: String { "more than \(limit) \(cost.things)" }
}
