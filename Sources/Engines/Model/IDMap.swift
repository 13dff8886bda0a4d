// SPDX-License-Identifier: Apache-2.0

/// A range of user or group numbers: the same count of them in a container and on the host; see user_namespaces(7).
package struct IDMapping: Hashable, Sendable {
    /// The first number in the container.
    package let container: UInt32
    /// The first number on the host.
    package let host: UInt32
    /// How many there are.
    package let count: UInt32

    /// Makes a range; nil where it is empty or goes beyond the 32 bits of a number.
    package init?(container: UInt32, host: UInt32, count: UInt32) {
        guard count > 0, !container.addingReportingOverflow(count - 1).overflow,
            !host.addingReportingOverflow(count - 1).overflow
        else { return nil }
        self.container = container
        self.host = host
        self.count = count
    }
}

/// Which user or group numbers of a directory on the host a container sees as which.
package struct IDMap: Hashable, Sendable {
    /// The most ranges a map may have: as many as the kernel takes.
    package static let maximumCount = 340

    /// The ranges; none where every number is the same in both.
    package let ranges: [IDMapping]

    /// Numbers are the same in both.
    package static let identity = IDMap([])

    /// Makes a map of ranges; no ranges, or the one from 0 to 0 over everything, are the identity.
    package init(_ ranges: [IDMapping]) {
        let isEverything =
            ranges.count == 1 && ranges[0].container == 0 && ranges[0].host == 0
            && ranges[0].count >= UInt32.max - 1
        self.ranges = isEverything ? [] : ranges
    }

    /// Whether numbers are the same in both.
    package var isIdentity: Bool { ranges.isEmpty }

    /// What the container sees for a number on the host; nil where nothing stands for it (it sees 65534).
    package func container(of host: UInt32) -> UInt32? {
        if isIdentity { return host }
        for range in ranges where host >= range.host && host - range.host < range.count {
            return range.container + (host - range.host)
        }
        return nil
    }

    /// The number on the host for one in the container; nil where it has none.
    package func host(of container: UInt32) -> UInt32? {
        if isIdentity { return container }
        for range in ranges where container >= range.container && container - range.container < range.count {
            return range.host + (container - range.container)
        }
        return nil
    }

    /// The map of a container whose host numbers are, in turn, the container numbers of another map.
    ///
    /// What the other map has nothing for is left out.
    package func within(_ outer: IDMap) -> IDMap {
        if outer.isIdentity { return self }
        if isIdentity { return outer }
        var result: [IDMapping] = []
        for inner in ranges {
            for other in outer.ranges {
                // Both ends are within 32 bits: the ranges were checked when they were made.
                let first = max(inner.host, other.container)
                let last = min(inner.host + (inner.count - 1), other.container + (other.count - 1))
                guard first <= last,
                    let part = IDMapping(
                        container: inner.container + (first - inner.host), host: other.host + (first - other.container),
                        count: last - first + 1)
                else { continue }
                result.append(part)
            }
        }
        return IDMap(result)
    }
}

extension IDMap {
    /// Reads `/proc/PID/uid_map`: lines of three numbers, see user_namespaces(7); nil for anything else.
    package init?(text: [UInt8]) {
        var ranges: [IDMapping] = []
        for line in text.split(separator: UInt8(ascii: "\n")).prefix(Self.maximumCount + 1) {
            let numbers = line.split(whereSeparator: { $0 == 0x20 || $0 == 0x09 })
                .compactMap { UInt32(String(decoding: $0, as: UTF8.self)) }
            guard numbers.count == 3,
                let range = IDMapping(container: numbers[0], host: numbers[1], count: numbers[2])
            else { return nil }
            ranges.append(range)
        }
        guard !ranges.isEmpty, ranges.count <= Self.maximumCount else { return nil }
        self.init(ranges)
    }
}
