// SPDX-License-Identifier: Apache-2.0

import FileTree

/// A test of whether a file is there, and how.
struct ExistenceTest: Sendable, Equatable {
    var name = ""
    var path = ""
    var shouldExist = true
    var permissions = ""
    var uid: Int64?
    var gid: Int64?
    var isExecutableBy = ""
}

/// A test of what a file says.
struct ContentTest: Sendable, Equatable {
    var name = ""
    var path = ""
    var expected: [String] = []
    var excluded: [String] = []
}

/// A test of licences of packages.
struct LicenceTest: Sendable, Equatable {
    var isDebian = false
    var files: [String] = []
}

/// A variable or a label.
struct ExpectedPair: Sendable, Equatable {
    var key = ""
    var value = ""
    var isPattern = false
}

/// A test of the configuration.
struct MetadataTest: Sendable, Equatable {
    var variables: [ExpectedPair] = []
    var unboundVariables: [ExpectedPair] = []
    var labels: [ExpectedPair] = []
    var entrypoint: [String]?
    var command: [String]?
    var ports: [String] = []
    var closedPorts: [String] = []
    var volumes: [String] = []
    var otherVolumes: [String] = []
    var directory = ""
    var user = ""

    var isEmpty: Bool { self == MetadataTest() }
}

/// Permissions as text: as Go writes them, as ls writes them, and in octal.
enum PermissionText {
    /// As Go's `FileMode` has them: a letter for the type and each of the bits above 0777, or `-`, and nine more.
    static func go(_ attributes: Attributes) -> String {
        var text = ""
        switch attributes.type {
        case .directory: text = "d"
        case .symbolicLink: text = "L"
        case .blockDevice: text = "D"
        case .fifo: text = "p"
        case .socket: text = "S"
        case .characterDevice, .regular: break
        }
        if attributes.type == .characterDevice { text += "D" }
        if attributes.permissions & 0o4000 != 0 { text += "u" }
        if attributes.permissions & 0o2000 != 0 { text += "g" }
        if attributes.type == .characterDevice { text += "c" }
        if attributes.permissions & 0o1000 != 0 { text += "t" }
        return (text.isEmpty ? "-" : text) + bits(attributes.permissions)
    }

    private static func bits(_ permissions: UInt16) -> String {
        String(
            (0..<9).map { bit -> Character in
                permissions & (0o400 >> UInt16(bit)) == 0 ? "-" : bit % 3 == 0 ? "r" : bit % 3 == 1 ? "w" : "x"
            })
    }

    /// As ls has them: ten characters.
    static func ls(_ attributes: Attributes) -> String {
        let type: Character =
            switch attributes.type {
            case .directory: "d"
            case .symbolicLink: "l"
            case .blockDevice: "b"
            case .characterDevice: "c"
            case .fifo: "p"
            case .socket: "s"
            case .regular: "-"
            }
        var characters = [type] + bits(attributes.permissions)
        let marks: [(bit: UInt16, place: Int, with: Character, without: Character)] = [
            (0o4000, 3, "s", "S"), (0o2000, 6, "s", "S"), (0o1000, 9, "t", "T"),
        ]
        for mark in marks where attributes.permissions & mark.bit != 0 {
            characters[mark.place] = characters[mark.place] == "x" ? mark.with : mark.without
        }
        return String(characters)
    }

    /// Whether a text in any of the forms says what a file has.
    static func matches(_ text: String, _ attributes: Attributes) -> Bool {
        if (3...5).contains(text.utf8.count), let number = UInt16(text, radix: 8),
            text.utf8.allSatisfy({ (0x30...0x37).contains($0) })
        {
            return number == attributes.permissions & 0o7777
        }
        return text == go(attributes) || text == ls(attributes)
    }
}
