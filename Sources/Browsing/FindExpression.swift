// SPDX-License-Identifier: Apache-2.0

import FileTree
import OCI

/// What `find` asks of files: tests, and what to do with those that pass, as GNU find has them.
///
/// It is kept as steps that set one value and jump over others, so that no expression, however deep, costs stack.
package struct FindExpression: Sendable {
    /// How deep parentheses may stand in one another.
    package static let nestingLimit = 100
    /// How many words an expression may have.
    package static let wordLimit = 10_000

    /// What to do with a file.
    package enum Action: Sendable, Hashable {
        /// Print the path on a line.
        case print
        /// Print the path with a NUL behind it.
        case printNul
        /// Print a line as `ls -l` does.
        case list
    }

    /// A question that is asked of a file.
    enum Test: Sendable {
        case always(Bool)
        case name(NamePattern)
        case path(NamePattern)
        case target(NamePattern)
        /// A bit for each type, at its raw value.
        case type(UInt16)
        case permissions(PermissionTest)
        case user([UInt8])
        case group([UInt8])
        case uid(NumberTest)
        case gid(NumberTest)
        case noUser
        case noGroup
        case size(NumberTest, unit: UInt64)
        case links(NumberTest)
        case newerThanFile([UInt8])
        case newer(Timestamp)
        case age(NumberTest, unit: Int64)
        case empty
        case xattr(NamePattern)
        case layer(NumberTest)
        case topLayer
        case layerName([UInt8])
        case digest([UInt8])
        /// The name of no user or no group, once a tree's are known.
        case unnamed(AccountNames, isGroup: Bool)
    }

    enum Step: Sendable {
        case test(Test)
        case action(Action)
        case prune
        case quit
        case negate
        /// Goes on elsewhere where the value is this one.
        case jump(if: Bool, to: Int)
    }

    var steps: [Step] = []
    /// Files nearer to the start are passed by.
    package var minimumDepth = 0
    /// What is below is not entered.
    package var maximumDepth = Int.max
    /// Whether anything is done with files; else those that pass are printed.
    var hasAction = false

    /// Asks nothing: every file is printed.
    package init() {}
}

/// A number that is wanted, or the bound of those that are.
package enum NumberTest: Sendable, Hashable {
    case equal(UInt64)
    case above(UInt64)
    case below(UInt64)

    /// Reads `N`, `+N` or `-N`; nil for anything else.
    init?(_ word: some Collection<UInt8>) {
        let digits = "+-".utf8.contains(word.first ?? 0) ? Array(word.dropFirst()) : Array(word)
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(String(decoding: digits, as: UTF8.self))
        else { return nil }
        switch word.first {
        case UInt8(ascii: "+"): self = .above(number)
        case UInt8(ascii: "-"): self = .below(number)
        default: self = .equal(number)
        }
    }

    /// The number itself.
    var value: UInt64 {
        switch self {
        case .equal(let number), .above(let number), .below(let number): number
        }
    }

    @inline(__always)
    func matches(_ number: UInt64) -> Bool {
        switch self {
        case .equal(let wanted): number == wanted
        case .above(let bound): number > bound
        case .below(let bound): number < bound
        }
    }
}

/// Permission bits that are wanted.
struct PermissionTest: Sendable, Hashable {
    enum Kind: Sendable {
        case exactly, all, any
    }

    let kind: Kind
    let bits: UInt16

    /// Reads a mode in octal digits or in letters (`u+s,g=w`), behind a `-` for all of its bits and a `/` for any.
    init?(_ word: [UInt8]) {
        let mode: ArraySlice<UInt8>
        switch word.first {
        case UInt8(ascii: "-"): (kind, mode) = (.all, word.dropFirst())
        case UInt8(ascii: "/"): (kind, mode) = (.any, word.dropFirst())
        default: (kind, mode) = (.exactly, word[...])
        }
        guard let bits = Self.octal(mode) ?? Self.symbolic(mode) else { return nil }
        self.bits = bits
    }

    @inline(__always)
    func matches(_ permissions: UInt16) -> Bool {
        switch kind {
        case .exactly: permissions == bits
        case .all: permissions & bits == bits
        // No bit at all is wanted of any file.
        case .any: bits == 0 || permissions & bits != 0
        }
    }

    private static func octal(_ digits: ArraySlice<UInt8>) -> UInt16? {
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }),
            let mode = UInt16(String(decoding: digits, as: UTF8.self), radix: 8), mode <= 0o7777
        else { return nil }
        return mode
    }

    /// The bits that changes of a mode, one after the other, make of none.
    private static func symbolic(_ text: ArraySlice<UInt8>) -> UInt16? {
        guard !text.isEmpty else { return nil }
        var mode: UInt16 = 0
        for clause in text.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            var who: UInt16 = 0
            var rest = clause
            while let letter = rest.first, let bits = Self.who[letter] {
                who |= bits
                rest.removeFirst()
            }
            if who == 0 { who = 0o7777 }
            guard rest.first.map({ "+-=".utf8.contains($0) }) ?? false else { return nil }
            while let operation = rest.popFirst() {
                guard "+-=".utf8.contains(operation) else { return nil }
                var bits: UInt16 = 0
                while let letter = rest.first, let value = Self.what[letter] {
                    bits |= value
                    rest.removeFirst()
                }
                switch operation {
                case UInt8(ascii: "+"): mode |= bits & who
                case UInt8(ascii: "-"): mode &= ~(bits & who)
                default: mode = mode & ~who | bits & who
                }
            }
        }
        return mode
    }

    private static let who: [UInt8: UInt16] = [
        UInt8(ascii: "u"): 0o4700, UInt8(ascii: "g"): 0o2070, UInt8(ascii: "o"): 0o1007, UInt8(ascii: "a"): 0o7777,
    ]
    private static let what: [UInt8: UInt16] = [
        UInt8(ascii: "r"): 0o444, UInt8(ascii: "w"): 0o222, UInt8(ascii: "x"): 0o111, UInt8(ascii: "s"): 0o6000,
        UInt8(ascii: "t"): 0o1000,
    ]
}

/// What is wrong with an expression, or cannot be asked of a tree.
package struct FindError: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }

    static func quoted(_ word: [UInt8]) -> String { "\"\(Bytes.escaped(word))\"" }
}
