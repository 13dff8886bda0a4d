// SPDX-License-Identifier: Apache-2.0

import Console
import Glibc
package import LayerStore
import LinuxIO
package import OCI
package import Signatures
package import SystemPackage

/// Which store a command works with, and whether it tells what it does.
package struct StorePlace: Sendable {
    /// The store's directory; a relative path is one of the current directory.
    package var path: FilePath
    /// Whether the user wants to know what is done.
    package var isTalkative: Bool

    /// Judges what comes from other places.
    package var judge: ImageJudge

    /// Names a store.
    package init(
        path: FilePath, isTalkative: Bool = false, judge: ImageJudge = ImageJudge(TrustSettings())
    ) {
        self.judge = judge
        self.path = path
        self.isTalkative = isTalkative
    }

    /// Opens the store, which is made where there is none.
    ///
    /// - Throws: `StoreError`, or the `Errno` of finding the current directory.
    package func openStore() throws -> Store {
        guard !path.isEmpty else {
            throw CommandError("no store: HOME is not set and the user is not known; give --root, or set CIMG_ROOT")
        }
        let absolute = path.isAbsolute ? path : try FilePath.currentDirectory().pushing(path)
        return try Store(absolute.lexicallyNormalized())
    }

    /// Whether the store is there; one that cannot be looked at is, and opening it tells what is wrong.
    package var isMade: Bool {
        do throws(Errno) {
            _ = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
            return true
        } catch {
            return path.isEmpty || error != .noSuchFileOrDirectory
        }
    }

    /// The digest that a name has in the store; nil for a name that it does not have, and where there is no store: looking
    /// something up makes none.
    package func find(_ name: String) throws -> Digest? {
        try isMade ? openStore().find(name) : nil
    }

    /// Tells something on standard error if the user wants to know it.
    package func tell(_ text: @autoclosure () -> String) {
        if isTalkative { StandardError.print("cimg: \(text())") }
    }
}
