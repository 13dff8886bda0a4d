// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import LinuxIO
import OCI
package import SystemPackage

/// A containerd with its overlayfs snapshotter.
///
/// Its records are in two bbolt databases, one of containerd's own and one of the snapshotter; docs/engines.md tells of
/// both and why cimg reads them itself.
package struct ContainerdStorage: ContainerEngine {
    package let kind = EngineKind.containerd
    package var storage: FilePath { place.root }
    private let place: ContainerdPlace

    /// The containerd that the configuration names.
    ///
    /// - Throws: `EngineError`: a configuration file cannot be read, or `CONTAINERD_ADDRESS` is no daemon's.
    package init(_ surroundings: EngineSurroundings) throws(EngineError) {
        place = try ContainerdPlace(surroundings)
    }

    package func containers() throws(EngineError) -> EngineListing<EngineContainer> {
        let contents = try ContainerdContents(place, engine: self)
        var listing = EngineListing<EngineContainer>()
        for record in try contents.containers() {
            // Docker registers its own containers without a snapshot: they are Docker's.
            guard !record.snapshotKey.isEmpty else { continue }
            do throws(EngineError) {
                listing.items.append(try contents.container(record))
            } catch {
                listing.problems.append(error)
            }
        }
        return listing
    }

    package func images() throws(EngineError) -> EngineListing<EngineImage> {
        let contents = try ContainerdContents(place, engine: self)
        return EngineListing(try contents.images())
    }
}
