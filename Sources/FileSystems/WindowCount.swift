// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Counts, about, the parts of a mapped file that were touched: of what lies within one window the kernel maps all at
/// the first touch.
final class WindowCount: Sendable {
    /// Bytes that the kernel mostly maps at once around a touched one, as a power of two: it keeps in one folio what was
    /// written at once.
    private static let windowBits: UInt64 = 18

    private let limit: Int
    private let last = Atomic(UInt64.max)
    private let count = Atomic(0)

    /// Makes one that is full after so many windows.
    init(limit: Int) { self.limit = limit }

    /// Takes note of a touched byte; true each time that it was the last one of as many windows as fit.
    func isFull(at offset: UInt64) -> Bool {
        let window = offset >> Self.windowBits
        guard last.load(ordering: .relaxed) != window else { return false }
        last.store(window, ordering: .relaxed)
        guard count.wrappingAdd(1, ordering: .relaxed).newValue >= limit else { return false }
        count.store(0, ordering: .relaxed)
        return true
    }
}
