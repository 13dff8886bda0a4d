// SPDX-License-Identifier: Apache-2.0

import EngineRecords
import Glibc
import LinuxIO
import OCI
import SystemPackage

extension Engines {
    /// The root of a process, whatever started it: as a container of the engine `process`.
    ///
    /// Where its root is an overlay, its layers are those of the mount; else the root is one directory, `/proc/PID/root`,
    /// read in place.
    /// - Throws: `EngineError`: there is no such process, or it may not be looked at.
    package static func process(_ number: Int32) throws(EngineError) -> EngineContainer {
        let root = try ProcessRoot(number)
        return EngineContainer(
            engine: .process, storage: "/proc", maker: "process", namespace: nil, id: "\(number)", names: [],
            imageName: nil, imageID: nil, created: nil, mountLabel: nil, processLabel: root.label(),
            readStatus: { root.status() }, readLayers: { () throws(EngineError) in try root.layers() },
            readMounts: { () throws(EngineError) in try root.mounts() },
            readDetails: { () throws(EngineError) in try root.details() })
    }
}

/// The root directory of one process: the number is held by a descriptor, so that it cannot come to mean another.
struct ProcessRoot: Sendable {
    private let number: Int32
    private let object: String
    private let folder: Descriptor

    /// Opens `/proc/PID`.
    init(_ number: Int32) throws(EngineError) {
        self.number = number
        object = "pid:\(number)"
        do throws(Errno) {
            folder = try Descriptor.open(FilePath("/proc/\(number)"), O_RDONLY | O_DIRECTORY)
        } catch .noSuchFileOrDirectory {
            throw EngineError(object, "there is no such process")
        } catch {
            throw EngineError(object, reading: error)
        }
    }

    /// A file of the process; the descriptor of `/proc/PID` gives nothing any more once the process has ended.
    private func read(_ file: String) throws(EngineError) -> [UInt8] {
        do throws(Errno) {
            return try folder.openBeneath(file).read(atMost: 64 << 20)
        } catch .noSuchFileOrDirectory {
            throw EngineError(object, "the process has ended")
        } catch .noSuchProcess {
            throw EngineError(object, "the process has ended")
        } catch {
            // What nobody has waited for yet has no namespaces any more.
            if error == .invalidArgument, ProcessTable.hasEnded(number) {
                throw EngineError(object, "the process has ended")
            }
            throw EngineError("\(object): \(file)", reading: error)
        }
    }

    /// Its state; a process that has ended but that nobody has waited for counts as ended.
    func status() -> EngineStatus {
        // What cannot be read has ended.
        guard (try? read("stat")) != nil, ProcessFile.stat(number) != nil else { return EngineStatus(.stopped) }
        return EngineStatus(ProcessFile.isFrozen(number) ? .paused : .running, process: number)
    }

    /// Its SELinux label; nil without SELinux.
    func label() -> String? {
        guard let text = try? read("attr/current") else { return nil }  // Without SELinux there is none to read.
        let label = String(decoding: text.prefix { $0 > 0x20 }, as: UTF8.self)
        // A label has four parts; what other security modules write there has none.
        return label.split(separator: ":").count >= 4 ? label : nil
    }

    /// The mount that is its root; nil where it is the directory of a mount that it does not see as one (chroot(2)).
    private func rootMount() throws(EngineError) -> MountEntry? {
        MountTable.parse(try read("mountinfo")).last { $0.path == [UInt8(ascii: "/")] }
    }

    /// Its layers.
    func layers() throws(EngineError) -> EngineLayers {
        let users = IDMap(text: try read("uid_map")) ?? .identity
        let groups = IDMap(text: try read("gid_map")) ?? .identity
        let inPlace = EngineLayers(
            lowers: [EngineLayers.Directory(FilePath("/proc/\(number)/root"), users: users, groups: groups)])
        guard let mount = try rootMount(), mount.root == [UInt8(ascii: "/")], let options = OverlayMountOptions(mount)
        else {
            return inPlace
        }
        let directory = { (path: FilePath) in EngineLayers.Directory(path, users: users, groups: groups) }
        // podman and Docker mount from within their storage where the options would be too long.
        for base in [FilePath("/")] + Self.storages() {
            let place = { (path: FilePath) in path.isAbsolute ? path : base.pushing(path) }
            let all = (options.lowers + [options.upper, options.work].compactMap { $0 }).map(place)
            guard all.allSatisfy(isDirectory) else { continue }
            return EngineLayers(
                lowers: options.lowers.map { directory(place($0)) }, upper: options.upper.map { directory(place($0)) },
                work: options.work.map(place), usesUserXattrs: options.usesUserXattrs)
        }
        // A directory of it is mounted from elsewhere, or was since moved: only the whole can be read.
        return inPlace
    }

    /// The directories from which engines mount.
    private static func storages() -> [FilePath] {
        let surroundings = EngineSurroundings.current()
        // An engine that cannot be read has no layers to tell.
        let podman = (try? ContainersStorage(surroundings))?.storage.appending("overlay")
        let docker = (try? DockerPlace(surroundings))?.dataRoot.appending("overlay2")  // As above.
        return [podman, docker].compactMap { $0 }
    }

    private func isDirectory(_ path: FilePath) -> Bool {
        // What cannot be opened is no layer to read from.
        path.isAbsolute && (try? Descriptor.open(path, O_RDONLY | O_DIRECTORY)) != nil
    }

    /// Its command line; a thread of the kernel has none.
    func details() throws(EngineError) -> EngineDetails {
        var details = EngineDetails()
        details.command = try read("cmdline").split(separator: 0, omittingEmptySubsequences: false).dropLast().map {
            String(decoding: $0, as: UTF8.self)
        }
        return details
    }

    /// What is mounted in its root other than the kernel's own file systems.
    func mounts() throws(EngineError) -> [EngineMount] {
        let table = MountTable.parse(try read("mountinfo"))
        let kinds: Set<String> = [
            "proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "devtmpfs", "debugfs", "tracefs", "securityfs",
            "bpf", "pstore", "configfs", "fusectl", "hugetlbfs", "binfmt_misc", "autofs", "nsfs", "efivarfs",
            "rpc_pipefs",
        ]
        return table.compactMap { mount in
            guard mount.path != [UInt8(ascii: "/")], !mount.path.isEmpty, !kinds.contains(mount.type) else {
                return nil
            }
            let path = FilePath(platformString: mount.path.map { CChar(bitPattern: $0) } + [0])
            let kind: EngineMount.Kind = mount.type == "tmpfs" ? .tmpfs : .bind
            return EngineMount(
                kind, destination: path,
                source: FilePath("/proc/\(number)/root").pushing(FilePath(root: nil, path.components)),
                isReadOnly: mount.options.contains("ro"))
        }
    }
}
