// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import OCI
package import SystemPackage

/// A containers/storage: what podman, buildah and CRI-O keep.
///
/// Read as containers/storage's own files are laid out; docs/engines.md tells of each. Its lists are replaced by
/// renaming, so that every one is whole without its lock being taken.
package struct ContainersStorage: ContainerEngine {
    package let kind = EngineKind.podman
    package let storage: FilePath
    let configuration: StorageConfiguration
    let surroundings: EngineSurroundings

    init(_ configuration: StorageConfiguration, _ surroundings: EngineSurroundings) {
        storage = configuration.graphRoot
        self.configuration = configuration
        self.surroundings = surroundings
    }

    /// A user's storage as the user's configuration names it.
    ///
    /// - Throws: `EngineError`: a configuration file cannot be read.
    package init(_ surroundings: EngineSurroundings) throws(EngineError) {
        self.init(try StorageConfiguration(surroundings), surroundings)
    }

    package func containers() throws(EngineError) -> EngineListing<EngineContainer> {
        var listing = EngineListing<EngineContainer>()
        for driver in try drivers() {
            let contents = try StorageContents(self, driver: driver)
            for record in try contents.containers(&listing.problems) {
                do throws(EngineError) {
                    listing.items.append(try contents.container(record))
                } catch {
                    listing.problems.append(error)
                }
            }
        }
        return listing
    }

    package func images() throws(EngineError) -> EngineListing<EngineImage> {
        var listing = EngineListing<EngineImage>()
        for driver in try drivers() {
            let contents = try StorageContents(self, driver: driver)
            for (record, folder) in try contents.images(&listing.problems) {
                do throws(EngineError) {
                    listing.items.append(try contents.image(record, in: folder))
                } catch {
                    listing.problems.append(error)
                }
            }
        }
        return listing
    }

    /// The storage drivers that are read: the configured one, or those that have left something.
    private func drivers() throws(EngineError) -> [StorageDriver] {
        let folder = try StorageFolder(storage, name: name)
        if let configured = configuration.driver {
            guard let driver = StorageDriver(rawValue: configured == "overlay2" ? "overlay" : configured) else {
                throw EngineError(
                    name, "uses the storage driver \(configured.printable); only overlay and vfs can be read")
            }
            // A machine that never had an image has no directories yet.
            return try folder.hasDirectory("\(driver)-layers") ? [driver] : []
        }
        var found: [StorageDriver] = []
        for driver in StorageDriver.allCases where try folder.hasDirectory("\(driver)-layers") { found.append(driver) }
        guard found.isEmpty else { return found }
        for other in ["btrfs", "zfs", "devicemapper", "aufs"] where try folder.hasDirectory("\(other)-layers") {
            throw EngineError(name, "uses the storage driver \(other); only overlay and vfs can be read")
        }
        return []
    }
}

/// The drivers of containers/storage that keep layers in directories.
enum StorageDriver: String, CaseIterable, CustomStringConvertible {
    /// One directory for each layer, stacked by overlayfs.
    case overlay
    /// A full copy for each layer.
    case vfs

    var description: String { rawValue }
}
