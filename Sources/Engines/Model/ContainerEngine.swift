// SPDX-License-Identifier: Apache-2.0

package import SystemPackage

/// The kinds of engines whose storage is read.
package enum EngineKind: String, Sendable, Hashable, CaseIterable {
    /// containers/storage: podman, buildah and CRI-O.
    case podman
    /// Docker with its overlay2 storage.
    case docker
    /// containerd with its overlayfs snapshotter.
    case containerd
    /// A process, whatever started it.
    case process
}

/// What of an engine could be listed, and what could not.
package struct EngineListing<Element: Sendable>: Sendable {
    /// What was found, in the engine's order.
    package var items: [Element]
    /// What is damaged: left out of `items`, one error for each.
    package var problems: [EngineError]

    /// Makes a listing.
    package init(_ items: [Element] = [], problems: [EngineError] = []) {
        self.items = items
        self.problems = problems
    }
}

/// One storage of one engine on this machine, read without asking the engine.
package protocol ContainerEngine: Sendable {
    /// Its kind.
    var kind: EngineKind { get }

    /// The storage's directory.
    var storage: FilePath { get }

    /// Its containers in all states.
    ///
    /// - Throws: `EngineError`: the storage as a whole cannot be read.
    func containers() throws(EngineError) -> EngineListing<EngineContainer>

    /// Its images.
    ///
    /// - Throws: `EngineError`: the storage as a whole cannot be read.
    func images() throws(EngineError) -> EngineListing<EngineImage>
}

extension ContainerEngine {
    /// The storage for messages: `podman /var/lib/containers/storage`.
    package var name: String { "\(kind.rawValue) \(storage.printable)" }
}
