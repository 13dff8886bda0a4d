// SPDX-License-Identifier: Apache-2.0

import Glibc
import LinuxIO
import SystemPackage

/// What a FUSE mount needs of this machine, looked at before anything is begun.
package enum FuseReadiness {
    /// The places that decide; another root in tests.
    struct Machine {
        /// What stands before every path.
        var root = ""
        /// The directories of `PATH`.
        var programDirectories: [String]
        /// Whether this process is root's.
        var isRoot: Bool
        /// Whether it may mount without a helper.
        var mayMount: Bool
        /// Whether it may open the device.
        var mayOpenDevice: Bool
        /// Whether it runs in a container.
        var isContained: Bool

        func has(_ path: String) -> Bool { fileExists(FilePath(root + path)) }
    }

    /// Looks for what a mount would fail for, or what would keep it from being unmounted.
    ///
    /// - Throws: `FuseError` that says what is missing and what to do.
    package static func check() throws(FuseError) {
        let path = Environment.path("PATH")?.string ?? ""
        try check(
            Machine(
                programDirectories: path.split(separator: ":").map(String.init), isRoot: geteuid() == 0,
                mayMount: ProcessRights(of: getpid())?.mayMount ?? true,
                mayOpenDevice: faccessat(AT_FDCWD, "/dev/fuse", R_OK | W_OK, AT_EACCESS) == 0,
                isContained: isContainer))
    }

    /// Whether this is a container of an engine: by the files that podman and Docker put into each, or the variable that
    /// container managers set.
    private static var isContainer: Bool {
        fileExists("/run/.containerenv") || fileExists("/.dockerenv") || Environment.path("container") != nil
    }

    static func check(_ machine: Machine) throws(FuseError) {
        let options = "start the container with --device /dev/fuse --cap-add SYS_ADMIN"
        guard machine.has("/dev/fuse") else {
            throw FuseError(
                machine.isContained
                    ? "there is no /dev/fuse in this container: \(options)"
                    : "there is no /dev/fuse: load its module (modprobe fuse)")
        }
        if machine.mayMount { return }
        guard !machine.isRoot else {
            throw FuseError(
                "root may not mount here, as CAP_SYS_ADMIN is missing"
                    + (machine.isContained ? ": \(options)" : ""))
        }
        let directories = ["/usr/bin", "/bin"] + machine.programDirectories
        guard directories.contains(where: { machine.has("\($0)/fusermount3") }) else {
            throw FuseError("fusermount3, through which plain users mount, is missing: install the package fuse3")
        }
        guard machine.mayOpenDevice else {
            throw FuseError(
                "only root may open /dev/fuse, through which plain users mount: as root, chmod 666 /dev/fuse")
        }
        guard machine.has("/etc/mtab") else {
            throw FuseError(
                "/etc/mtab is missing, without which fusermount3 does not unmount: make it with "
                    + "\"ln -s ../proc/self/mounts /etc/mtab\" as root")
        }
    }
}
