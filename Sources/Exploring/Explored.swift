// SPDX-License-Identifier: Apache-2.0

package import Layering

/// What is known of an object before anything of it is read.
package struct ExploredObject: Sendable {
    /// A layer, as its line shows it.
    package struct Layer: Sendable {
        /// What made it, or what it is called.
        package var title: String
        /// Bytes as it is stored; nil where that is not known.
        package var blobByteCount: UInt64?
        /// Its digest, or another name of it.
        package var identity: String

        /// Makes a line.
        package init(title: String, blobByteCount: UInt64? = nil, identity: String = "") {
            self.title = title
            self.blobByteCount = blobByteCount
            self.identity = identity
        }
    }

    /// What the user called it.
    package var name: String
    /// Its layers, base first; of what has none, itself.
    package var layers: [Layer]
    /// How many of them belong to the image that it was built on.
    package var baseCount = 0
    /// Whether its two layers are two objects that are compared.
    package var isComparison = false
    /// Why its files cannot be shown, once that is known.
    var trouble: String?
    /// All its names, once they are read.
    var history: FileHistory?
    /// What its layers cost, once that is counted.
    var costs: LayerCosts?

    /// Makes an object of which nothing is read yet.
    package init(name: String, layers: [Layer], baseCount: Int = 0, isComparison: Bool = false) {
        self.name = name
        self.layers = layers
        self.baseCount = baseCount
        self.isComparison = isComparison
    }
}

/// What an explorer has asked for, or what has happened to it.
package enum ExplorerEvent: Sendable {
    /// A key.
    case key(Key)
    /// The terminal has another size.
    case resize(columns: Int, rows: Int)
    /// The names of an object.
    case history(object: Int, FileHistory)
    /// What an object's layers cost.
    case costs(object: Int, LayerCosts)
    /// Something of an object could not be read.
    case trouble(object: Int, String)
    /// Bytes of the file that is viewed.
    case bytes(FileAddress, offset: UInt64, [UInt8])
    /// Facts of a file, name and value, to be shown.
    case facts([(name: String, value: String)])
    /// A line to be told.
    case message(String)
}

/// What an explorer wants to be done.
package enum ExplorerEffect: Equatable, Sendable {
    /// End.
    case quit
    /// Give the terminal back until the shell says otherwise.
    case suspend
    /// Draw all anew.
    case redraw
    /// Read bytes of a file; they come as an event.
    case read(object: Int, FileAddress, offset: UInt64, count: Int)
    /// Find out what else is known of a file; it comes as an event.
    case facts(object: Int, FileAddress, path: [UInt8])
    /// Write a file's bytes into a new file of this name.
    case extract(object: Int, FileAddress, to: String)
    /// Let the terminal keep a text, for other programs.
    case copy(String)
}
