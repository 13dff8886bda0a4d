// SPDX-License-Identifier: Apache-2.0

/// A name from a tar, brought into the root: components without `.`, `..`, empty ones or a leading `/`.
package struct EntryPath: Sendable {
    /// The most bytes a name may have.
    package static let maximumByteCount = 65_536
    /// The most components a name may have.
    package static let maximumDepth = 20_000
    /// The most bytes a component may have (`NAME_MAX`), the prefix of a whiteout not counted.
    package static let maximumNameByteCount = 255

    /// Why a name is refused.
    package struct Refusal: Error, Equatable {
        /// What is wrong with it.
        package let reason: String
    }

    /// Holds the path's bytes at `range`.
    let bytes: [UInt8]
    /// Where the components lie in `bytes`, a slash between each two; empty for the root.
    let range: Range<Int>
    /// Where the last component lies; empty for the root.
    let name: Range<Int>
    /// The component that makes the name a mark: the last one if it begins as whiteouts do, or the first leftover.
    let marker: Range<Int>?

    /// Normalises a name.
    ///
    /// `..` removes the component before it, as text: no symbolic link is ever followed.
    ///
    /// - Parameters:
    ///   - bytes: the name as a tar has it.
    ///   - clamped: whether `..` in the root is the root, as it is for every process, and no error.
    /// - Throws: `Refusal` for a name that would leave the root, holds a NUL, or is too long or too deep.
    package init(_ bytes: [UInt8], clamped: Bool = false) throws(Refusal) {
        guard bytes.count <= Self.maximumByteCount else {
            throw Refusal(reason: "the name is longer than \(Self.maximumByteCount) bytes")
        }
        if let plain = try Self(plain: bytes) {
            self = plain
            return
        }
        var components: [ArraySlice<UInt8>] = []
        for component in bytes.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual([UInt8(ascii: ".")]) { continue }
            if component.elementsEqual([UInt8(ascii: "."), UInt8(ascii: ".")]) {
                guard components.popLast() != nil || clamped else { throw Refusal(reason: "the name leaves the root") }
                continue
            }
            components.append(component)
        }
        guard let path = try Self(plain: Array(components.joined(separator: [UInt8(ascii: "/")]))) else {
            throw Refusal(reason: "the name cannot be normalised")
        }
        self = path
    }

    /// Takes a name that is normal but for slashes around it and `./` before it; nil for any other.
    private init?(plain bytes: [UInt8]) throws(Refusal) {
        var start = 0
        while start < bytes.count {
            let isDot = bytes[start] == UInt8(ascii: ".")
            if bytes[start] == UInt8(ascii: "/") {
                start += 1
            } else if isDot, start + 1 == bytes.count || bytes[start + 1] == UInt8(ascii: "/") {
                start += 1
            } else {
                break
            }
        }
        let (range, name, marker, depth) = try Self.scan(bytes, from: start)
        guard let range else { return nil }
        guard depth <= Self.maximumDepth else {
            throw Refusal(reason: "the name is deeper than \(Self.maximumDepth) directories")
        }
        (self.bytes, self.range, self.name, self.marker) = (bytes, range, name, marker)
    }

    private typealias Scan = (range: Range<Int>?, name: Range<Int>, marker: Range<Int>?, depth: Int)

    private static let tooLong = Refusal(reason: "a component is longer than \(maximumNameByteCount) bytes")

    /// Goes through the components from `start` on; the range is nil if one of them has to be taken away.
    private static func scan(_ bytes: [UInt8], from start: Int) throws(Refusal) -> Scan {
        var result: Scan = (start..<start, start..<start, nil, 0)
        var begin = start
        var position = start
        var isNormal = true
        var overlong: Range<Int>?
        while position <= bytes.count {
            let isEnd = position == bytes.count
            if !isEnd, bytes[position] != UInt8(ascii: "/") {
                guard bytes[position] != 0 else { throw Refusal(reason: "the name holds a NUL") }
                position += 1
                continue
            }
            let component = begin..<position
            position += 1
            begin = position
            if component.isEmpty {
                if !isEnd { isNormal = false }
                continue
            }
            if bytes[component.lowerBound] == UInt8(ascii: "."), component.count <= 2,
                bytes[component.upperBound - 1] == UInt8(ascii: ".")
            {
                isNormal = false
            }
            if result.marker == nil, bytes[component.lowerBound] == UInt8(ascii: "."),
                Whiteout(bytes[component]) == .leftover
            {
                result.marker = component
            }
            if component.count > maximumNameByteCount, overlong == nil { overlong = component }
            result.depth += 1
            result.name = component
            result.range = start..<component.upperBound
        }
        guard isNormal else {
            result.range = nil
            return result
        }
        // A directory of such a name is a directory; only a file's own name hides something.
        let isMarker = bytes[result.name].starts(with: Whiteout.prefix)
        if result.marker == nil, isMarker { result.marker = result.name }
        if let overlong {
            // A whiteout hides a name of any length that can be; its own name never comes to be a file's.
            let limit = maximumNameByteCount + Whiteout.prefix.count
            guard isMarker, overlong == result.name, overlong.count <= limit else { throw tooLong }
        }
        return result
    }

    /// The component that begins at an index of `bytes`, which must be the start of one.
    func component(at start: Int) -> Range<Int> {
        var end = start
        while end < range.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        return start..<end
    }

    /// The directory's part: what stands before the last component and its slash.
    var parent: Range<Int> { range.lowerBound..<max(range.lowerBound, name.lowerBound - 1) }

    /// The components of a part of the path; none for the root itself.
    func components(in part: Range<Int>) -> [ArraySlice<UInt8>] {
        bytes[part].split(separator: UInt8(ascii: "/"))
    }

    /// The components; none for the root itself.
    package var components: [ArraySlice<UInt8>] { components(in: range) }
}

/// What a name says about the layers below (layer.md, "Whiteouts").
package enum Whiteout: Equatable {
    /// An ordinary name.
    case none
    /// Hides the lower file of this name in the same directory.
    case hides(ArraySlice<UInt8>)
    /// Hides all lower children of the directory.
    case opaque
    /// A leftover of AUFS that means nothing: `.wh..wh.plnk` and the like.
    case leftover
    /// `.wh.` and nothing after it.
    case invalid

    /// The prefix of every whiteout.
    package static let prefix: [UInt8] = Array(".wh.".utf8)
    private static let opaqueName: [UInt8] = Array(".wh..wh..opq".utf8)
    private static let leftoverPrefix: [UInt8] = Array(".wh..wh.".utf8)

    /// Tells what a component means.
    package init(_ name: ArraySlice<UInt8>) {
        guard name.starts(with: Self.prefix) else {
            self = .none
            return
        }
        if name.elementsEqual(Self.opaqueName) {
            self = .opaque
        } else if name.starts(with: Self.leftoverPrefix) {
            self = .leftover
        } else if name.count == Self.prefix.count {
            self = .invalid
        } else {
            self = .hides(name.dropFirst(Self.prefix.count))
        }
    }
}
