// SPDX-License-Identifier: Apache-2.0

import EngineTrees
import Engines
import FuseServer
import LinuxIO
import Mounting
import OCI
import Objects
import SystemPackage

/// Opens the layers of a container or of an engine's image, to be served where they lie.
func openMountSource(_ object: EngineObject) throws -> MountSource {
    let tree = EngineTree(layers: try object.layers())
    var isChanging = false
    if case .container = object { isChanging = true }
    return MountSource(
        name: object.qualifiedName, digest: nil, content: try tree.served(isChanging: isChanging),
        owners: EngineRights.owners(of: tree.directories(.whole)))
}

/// A directory or file of the host that a container has in its file system, put there in a mount of the container too.
struct ContainerVolumes {
    private let mounts: [EngineMount]
    private let name: String
    private let isProcess: Bool

    /// Asks the container for its volumes and binds.
    init(_ container: EngineContainer) throws {
        name = container.qualifiedName
        isProcess = container.engine == .process
        // What is in memory is not on the host.
        mounts = try container.mounts().filter { $0.source != nil }
    }

    /// What a mount without them says; nil if there are none.
    ///
    /// - Parameter isRoot: whether root mounts; others read a process's root with what is mounted in it.
    func remark(isRoot: Bool) -> String? {
        guard !mounts.isEmpty, isRoot || !isProcess else { return nil }
        let places = mounts.map { "\($0.destination)".printable }.joined(separator: ", ")
        return "cimg: \(name): without its volumes and binds at \(places); --volumes shows them"
    }

    /// Puts them, read-only, into a mount of the container's root.
    ///
    /// Places are looked for in the mount and never outside of it, whatever links the container made.
    /// - Throws: `MountError` for the first that cannot be.
    func attach(to mountpoint: Mountpoint) throws {
        guard !mounts.isEmpty else { return }
        let root: Descriptor
        do throws(Errno) {
            guard let mount = try mountpoint.mounted() else { throw .noSuchFileOrDirectory }
            root = try mount.place.openRoot(of: mount.entry)
        } catch {
            throw MountError(at: mountpoint.path, "cannot open it: \(error)")
        }
        // What lies inside another one comes after it.
        for mount in mounts.sorted(by: { $0.destination.length < $1.destination.length }) {
            guard let source = mount.source else { continue }
            do {
                let clone = try Mounts.clone(source)
                try Mounts.restrict(clone, to: [.readOnly, .noSetID, .noDevices])
                try Mounts.attach(clone, onto: try root.openPathInRoot(mount.destination.bytes))
            } catch {
                throw MountError(
                    at: mountpoint.path, "volume \"\(mount.destination)\" from \"\(source)\": \(error)")
            }
        }
    }
}
