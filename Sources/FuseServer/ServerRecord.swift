// SPDX-License-Identifier: Apache-2.0

package import LinuxIO
package import SystemPackage

/// What the server of a mount is told, and what it says about itself: the one form in which both are read and written.
///
/// It lies in memory that nobody can change any more, the server's descriptor 3. Descriptor 4 is the directory to mount on;
/// from 5 on stand the files to serve.
package struct ServerRecord: Hashable, Sendable {
    /// The number of the descriptor that is the record.
    package static let descriptor: Int32 = 3
    /// The number of the descriptor that is the directory under the mount.
    package static let mountpointDescriptor: Int32 = 4
    /// The number of the first descriptor that is served.
    package static let firstContent: Int32 = 5
    /// The most bytes of a record: 16 MiB, room for 65,535 directories with owners of their own.
    package static let byteLimit = 16 << 20
    /// The greatest count of descriptors that are served.
    package static let countLimit = 65_535

    /// What the mount table shall show.
    package var source: String
    /// How many descriptors there are to serve: 1…65,535.
    package var count: Int
    /// Whether it is a running process that is served: its root directory, the process, its mount namespace.
    package var isLive = false
    /// Whether the server acts in the user namespace of the process.
    package var entersNamespace = false
    /// Whether what other programs serve inside of a running process's root directory is left out.
    package var leavesForeign = false
    /// Whether the second descriptor of a tree is its notes.
    package var hasNotes = false
    /// How directories are marked; nil for a tree.
    package var marks: UInt8?
    /// The owners of each directory, as text.
    package var identifiers: [String] = []
    /// Whether the directories change while they are served.
    package var isChanging = false
    /// How the upper is kept whose directories are the last two descriptors, as text; nil where nothing can be changed.
    package var upper: String?
    /// The device and inode of the upper directory, as text.
    package var upperIdentity: String?
    /// Whether the server serves only what lies below the upper.
    package var isBelow = false
    /// The directory that the server removes when it ends.
    package var discarded: [UInt8]?
    /// The ranges of users and of groups whose files the server must be allowed to read, as text.
    package var users: [String] = []
    /// See `users`.
    package var groups: [String] = []
    /// The device and inode of the store that what is served belongs to, as text; nil for what belongs to none.
    package var store: String?
    /// Why the kernel did not mount it, where it was asked first.
    package var kernelRefusal: String?
    /// Mount options.
    package var options: [String] = []

    /// Makes a record.
    package init(source: String, count: Int) {
        self.source = source
        self.count = count
    }

    /// Reads what `bytes` has written.
    ///
    /// - Returns: nil for anything else, such as the record of another version.
    package init?(_ bytes: [UInt8]) {
        guard bytes.count <= Self.byteLimit, bytes.last == 0 else { return nil }
        var fields = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)[...]
        guard let first = fields.popFirst(), first.elementsEqual(Self.header.utf8) else { return nil }
        self.init(source: "", count: 0)
        while let key = fields.popFirst() {
            guard let value = fields.popFirst(), set(String(decoding: key, as: UTF8.self), value) else { return nil }
        }
        guard (1...Self.countLimit).contains(count) else { return nil }
    }

    /// The record as bytes.
    package var bytes: [UInt8] {
        var fields: [(String, [UInt8])] = [("source", Array(source.utf8)), ("count", Array("\(count)".utf8))]
        let flags = [
            ("live", isLive), ("enter", entersNamespace), ("leave-foreign", leavesForeign), ("notes", hasNotes),
            ("changing", isChanging), ("below", isBelow),
        ]
        for (key, value) in flags where value { fields.append((key, [])) }
        let texts = [
            ("marks", marks.map { "\($0)" }), ("upper", upper), ("upper-identity", upperIdentity), ("store", store),
            ("kernel-refusal", kernelRefusal),
        ]
        for (key, value) in texts { if let value { fields.append((key, Array(value.utf8))) } }
        let lists = [("identifiers", identifiers), ("users", users), ("groups", groups), ("option", options)]
        for (key, list) in lists { fields += list.map { (key, Array($0.utf8)) } }
        if let discarded { fields.append(("discarded", discarded)) }
        return Array(Self.header.utf8) + [0] + fields.flatMap { Array($0.0.utf8) + [0] + $0.1 + [0] }
    }

    /// The record as the memory that a server gets.
    package func sealed() throws(Errno) -> Descriptor { try Descriptor.sealed(bytes, name: "cimg-server") }

    private mutating func set(_ key: String, _ value: ArraySlice<UInt8>) -> Bool {
        let text = String(decoding: value, as: UTF8.self)
        switch key {
        case "source": source = text
        case "count": count = Int(text) ?? 0
        case "live": isLive = true
        case "enter": entersNamespace = true
        case "leave-foreign": leavesForeign = true
        case "notes": hasNotes = true
        case "changing": isChanging = true
        case "below": isBelow = true
        case "marks":
            guard let number = UInt8(text) else { return false }
            marks = number
        case "upper": upper = text
        case "upper-identity": upperIdentity = text
        case "store": store = text
        case "kernel-refusal": kernelRefusal = text
        case "identifiers": identifiers.append(text)
        case "users": users.append(text)
        case "groups": groups.append(text)
        case "option": options.append(text)
        case "discarded": discarded = Array(value)
        default: return false
        }
        return true
    }

    /// Another version of the program that means something else by a record has another number.
    private static let header = "cimg-server 1"
}
