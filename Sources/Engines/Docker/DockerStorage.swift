// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
package import SystemPackage

/// A Docker data root with the overlay2 storage driver.
///
/// Everything stands in files that the daemon replaces by renaming; docs/engines.md tells of each. The daemon is asked
/// only for the place of its data root, and only where `DOCKER_HOST` names its socket.
package struct DockerStorage: ContainerEngine {
    package let kind = EngineKind.docker
    package let storage: FilePath
    private let surroundings: EngineSurroundings
    private let remappedUser: String?

    /// A data root at a path.
    package init(storage: FilePath, surroundings: EngineSurroundings) {
        self.storage = storage
        self.surroundings = surroundings
        remappedUser = nil
    }

    /// The data root that the daemon's configuration names for a user: the system's, a plain user's own where there is
    /// one.
    ///
    /// - Throws: `EngineError`: a configuration file cannot be read, or the daemon that `DOCKER_HOST` names does not
    ///   answer.
    package init(_ surroundings: EngineSurroundings) throws(EngineError) {
        self.surroundings = surroundings
        let place = try DockerPlace(surroundings)
        storage = place.dataRoot
        remappedUser = place.remappedUser
    }

    package func containers() throws(EngineError) -> EngineListing<EngineContainer> {
        let contents = try DockerContents(self, maps: maps())
        var listing = EngineListing<EngineContainer>()
        for id in try contents.names(in: "containers") where Digest(hex: id) != nil {
            do throws(EngineError) {
                if let container = try contents.container(id) { listing.items.append(container) }
            } catch {
                listing.problems.append(error)
            }
        }
        return listing
    }

    package func images() throws(EngineError) -> EngineListing<EngineImage> {
        let contents = try DockerContents(self, maps: maps())
        var listing = EngineListing<EngineImage>()
        let names = try contents.repositoryNames()
        for id in try contents.names(in: "image/overlay2/imagedb/content/sha256") where Digest(hex: id) != nil {
            do throws(EngineError) {
                listing.items.append(try contents.image(id, names: names[id] ?? []))
            } catch {
                listing.problems.append(error)
            }
        }
        return listing
    }

    /// Whether the daemon runs as a plain user, who owns the data root.
    var isRootless: Bool {
        guard remappedUser == nil, surroundings.user != 0 else { return false }
        // Of what cannot be opened nothing can be read either.
        let owner = try? Descriptor.open(storage, O_RDONLY | O_DIRECTORY).status().st_uid
        return owner == surroundings.user
    }

    /// Which users and groups the containers see: of a daemon that runs in a namespace, and of a plain user's.
    private func maps() throws(EngineError) -> (users: IDMap, groups: IDMap) {
        if let remappedUser, let user = UserEntry(name: remappedUser) {
            return try Self.subordinate(user.number, user.name, own: nil, surroundings)
        }
        let status: stat
        do throws(Errno) {
            status = try Descriptor.open(storage, O_RDONLY | O_DIRECTORY).status()
        } catch {
            throw EngineError(name, reading: error)
        }
        guard status.st_uid != 0, let user = UserEntry(number: status.st_uid), user.number == surroundings.user else {
            return (.identity, .identity)
        }
        return try Self.subordinate(user.number, user.name, own: (status.st_uid, status.st_gid), surroundings)
    }

    private static func subordinate(
        _ user: UInt32, _ name: String, own: (UInt32, UInt32)?, _ surroundings: EngineSurroundings
    ) throws(EngineError) -> (users: IDMap, groups: IDMap) {
        let users = try StorageOwner.ranges(surroundings.system("/etc/subuid"), user, name)
        let groups = try StorageOwner.ranges(surroundings.system("/etc/subgid"), user, name)
        return (StorageOwner.map(own: own?.0, users), StorageOwner.map(own: own?.1, groups))
    }
}
