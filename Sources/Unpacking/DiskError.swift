// SPDX-License-Identifier: Apache-2.0

import FileTree

/// Why a step of unpacking fails, as Linux or an engine says it.
struct DiskError: Error, CustomStringConvertible {
    enum Code {
        case noEntry, notDirectory, exists, isDirectory, loop, nameTooLong, notPermitted, invalid
        /// What only an engine objects to.
        case refused
    }

    let code: Code
    /// What was tried, and with what.
    var step = ""
    /// The entry at fault where it is another one than that in work.
    var path: [UInt8]?

    init(_ code: Code, _ step: String = "", path: [UInt8]? = nil) {
        (self.code, self.step, self.path) = (code, step, path)
    }

    var description: String {
        let text =
            switch code {
            case .noEntry: "no such file or directory"
            case .notDirectory: "not a directory"
            case .exists: "file exists"
            case .isDirectory: "is a directory"
            case .loop: "too many levels of symbolic links"
            case .nameTooLong: "file name too long"
            case .notPermitted: "operation not permitted"
            case .invalid: "invalid argument"
            case .refused: ""
            }
        return [step, text].filter { !$0.isEmpty }.joined(separator: ": ")
    }

    /// The same with what was tried.
    func during(_ step: String) -> DiskError { self.step.isEmpty ? DiskError(code, step, path: path) : self }
}

/// A step with its name in the error.
func during<Result>(_ step: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as DiskError {
        throw error.during(step())
    }
}

/// A path of a tar, as programs in Go clean it.
struct CleanPath {
    /// Whether it begins at the root.
    let isAbsolute: Bool
    /// How many `..` it begins with.
    let climbs: Int
    /// The components after them.
    let components: [ArraySlice<UInt8>]

    init(_ bytes: [UInt8]) {
        isAbsolute = bytes.first == UInt8(ascii: "/")
        var climbs = 0
        var components: [ArraySlice<UInt8>] = []
        for part in bytes.split(separator: UInt8(ascii: "/")) where !part.elementsEqual([0x2E]) {
            if !part.elementsEqual([0x2E, 0x2E]) {
                components.append(part)
            } else if components.popLast() == nil, !isAbsolute {
                climbs += 1
            }
        }
        (self.climbs, self.components) = (climbs, components)
    }

    /// Whether it is `.`.
    var isDot: Bool { !isAbsolute && climbs == 0 && components.isEmpty }
}

/// Sixteen bytes of a path, which may be long; seeded, so that no image chooses two with the same.
struct NameDigest: Hashable {
    private let first: Int
    private let second: Int

    init(_ components: [ArraySlice<UInt8>], isAbsolute: Bool = false, climbs: Int = 0) {
        func hash(_ seed: UInt8) -> Int {
            var hasher = Hasher()
            hasher.combine(seed)
            hasher.combine(isAbsolute)
            hasher.combine(climbs)
            hasher.combine(components)
            return hasher.finalize()
        }
        (first, second) = (hash(1), hash(2))
    }
}

extension [ArraySlice<UInt8>] {
    /// The components as one path.
    var text: [UInt8] {
        var text: [UInt8] = []
        for component in self { text += (text.isEmpty ? [] : [UInt8(ascii: "/")]) + component }
        return text
    }

    /// The same for an error.
    var shown: String { Bytes.escaped(text.prefix(200)) }
    /// Goes on with more components; `..` goes up, `.` nowhere.
    mutating func go(_ component: ArraySlice<UInt8>) {
        if component.elementsEqual([0x2E, 0x2E]) {
            if !isEmpty { removeLast() }
        } else if !component.isEmpty, !component.elementsEqual([0x2E]) {
            append(component)
        }
    }
}
