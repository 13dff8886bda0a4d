// SPDX-License-Identifier: Apache-2.0

package import EngineRecords
package import SystemPackage

/// What a container is doing.
package enum EngineState: String, Sendable, Hashable, CaseIterable {
    /// Made, and never started.
    case created
    /// Its first process runs.
    case running
    /// Its processes are frozen.
    case paused
    /// Its first process has ended.
    case stopped
    /// The engine's files do not tell.
    case unknown
}

/// A container's state and first process at one moment.
package struct EngineStatus: Sendable, Hashable {
    /// What it was doing.
    package var state: EngineState
    /// The number of its first process on the host, while it runs or is paused.
    package var process: Int32?

    /// Makes a status.
    package init(_ state: EngineState, process: Int32? = nil) {
        self.state = state
        self.process = process
    }
}

/// A directory or file of the host that the user had put into a container: a volume or a bind mount.
///
/// What engines put into every container (`/proc`, `/etc/hosts`, `/dev/shm`, …) is not among them.
package struct EngineMount: Sendable, Hashable {
    /// What kind of mount it is.
    package enum Kind: String, Sendable, Hashable {
        /// A path that the user named.
        case bind
        /// A volume that the engine keeps.
        case volume
        /// Memory: nothing of it is on the host.
        case tmpfs
    }

    /// Its kind.
    package var kind: Kind
    /// Where it is in the container: an absolute path.
    package var destination: FilePath
    /// Where it comes from on the host: an absolute path; nil for memory.
    package var source: FilePath?
    /// The volume's name.
    package var name: String?
    /// Whether the container cannot write to it.
    package var isReadOnly: Bool

    /// Makes a mount.
    package init(
        _ kind: Kind, destination: FilePath, source: FilePath?, name: String? = nil, isReadOnly: Bool
    ) {
        self.kind = kind
        self.destination = destination
        self.source = source
        self.name = name
        self.isReadOnly = isReadOnly
    }
}

/// A container as its engine's files describe it.
///
/// The stored values are those of the moment of listing. `status`, `layers` and `mounts` read when they are called, so
/// that listing costs no more than its list.
package struct EngineContainer: Sendable {
    /// The engine that has it.
    package var engine: EngineKind
    /// Where the engine keeps it: the storage's directory; `/proc` for a process.
    package var storage: FilePath
    /// The program that made it, where its record tells: `podman`, `buildah`, `cri-o`; else the engine's name.
    package var maker: String
    /// containerd's namespace, or the name of the user whose storage it is where that is not this process's; else nil.
    package var namespace: String?
    /// The engine's identifier, 64 hexadecimal digits in most; a process's number.
    package var id: String
    /// Its names, without a leading slash; containerd and processes have none.
    package var names: [String]
    /// The image's name as the engine wrote it down; nil where it is of none.
    package var imageName: String?
    /// The image's identifier: the digest of its configuration or manifest in hexadecimal digits, or another name of
    /// the engine; nil where it is of none.
    package var imageID: String?
    /// When it was made, as RFC 3339 writes it; nil where the engine does not tell.
    package var created: String?
    /// The SELinux label of its files; nil where it has none.
    package var mountLabel: String?
    /// The SELinux label of its processes; nil where it has none.
    package var processLabel: String?

    let readStatus: @Sendable () -> EngineStatus
    let readLayers: @Sendable () throws(EngineError) -> EngineLayers
    let readMounts: @Sendable () throws(EngineError) -> [EngineMount]
    let readDetails: @Sendable () throws(EngineError) -> EngineDetails

    /// What it is doing now, and its first process.
    ///
    /// A process's number that now means another process is not taken for the container's.
    package func status() -> EngineStatus { readStatus() }

    /// Where its layers are now.
    ///
    /// - Throws: `EngineError`: a layer is missing or damaged, or the storage is of a kind that cannot be read in place.
    package func layers() throws(EngineError) -> EngineLayers { try readLayers() }

    /// What it was asked to be: command, ports, labels.
    ///
    /// - Throws: `EngineError`: what the engine wrote down cannot be read.
    package func details() throws(EngineError) -> EngineDetails { try readDetails() }

    /// Its volumes and bind mounts, in the engine's order.
    ///
    /// podman writes them down when a container is first started: one that never was has none here.
    /// - Throws: `EngineError`.
    package func mounts() throws(EngineError) -> [EngineMount] { try readMounts() }
}
