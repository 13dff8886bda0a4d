// SPDX-License-Identifier: Apache-2.0

import OCI

/// The options that callers of fuse-overlayfs, mount.fuse and the kernel's overlayfs give, besides those that change what
/// `cimg overlay` does.
enum OverlayOptionNames {
    /// What has no effect because it is so anyway, or is about how another program works inside.
    private static let accepted: Set<String> = [
        // mount(8), which keeps them for itself or passes them on.
        "defaults", "auto", "noauto", "user", "nouser", "users", "owner", "group", "nofail", "_netdev", "comment",
        "exec",
        "async", "atime", "diratime", "nolazytime", "norelatime", "nostrictatime", "silent", "loud", "loop",
        // mount.fuse3(8) and libfuse: caches, threads, sizes of requests.
        "auto_unmount", "kernel_cache", "auto_cache", "noauto_cache", "entry_timeout", "attr_timeout",
        "negative_timeout",
        "ac_attr_timeout", "noforget", "remember", "intr", "intr_signal", "max_write", "max_readahead",
        "max_background",
        "congestion_threshold", "async_read", "sync_read", "atomic_o_trunc", "no_remote_lock", "no_remote_flock",
        "no_remote_posix_lock", "splice_read", "no_splice_read", "splice_write", "no_splice_write", "splice_move",
        "no_splice_move", "async_dio", "no_async_dio", "writeback_cache", "no_writeback_cache", "readdirplus",
        "clone_fd",
        "max_idle_threads", "max_threads", "hard_remove", "use_ino", "readdir_ino", "nopath", "nonempty", "large_read",
        "big_writes", "blksize", "subtype", "drop_privileges", "debug",
        // fuse-overlayfs.
        "timeout", "threaded", "fsync", "fast_ino", "static_nlink", "xino", "ino32_t", "noacl", "volatile",
        "xattr_permissions",
        // The kernel's overlayfs, and what helpers of SELinux pass where there is none.
        "index", "nfs_export", "userxattr", "uuid", "override_creds", "seclabel",
    ]

    /// What would show other content or other rights: why it has no effect.
    private static let named: [String: String] = [
        "noxattrs": "extended attributes are shown", "plugins": "there are no plugins",
        "context": "no security label is given", "fscontext": "no security label is given",
        "defcontext": "no security label is given", "rootcontext": "no security label is given",
        "datadir+": "layers of data alone are not known", "verity": "fs-verity is not looked at",
        "direct_io": "files are cached", "umask": "modes are those of the files", "uid": "see squash_to_uid",
        "gid": "see squash_to_gid", "allow_root": "see allow_other", "sync": "see fsync(2)", "dirsync": "see fsync(2)",
        "lazytime": "times are written at once", "strictatime": "see relatime", "blkdev": "there is no block device",
        "fd": "/dev/fuse is opened here", "setuid": "it serves as its caller", "modules": "there are no modules",
    ]

    /// A line about an option that has no effect; nil for one that needs none.
    static func note(_ name: String, _ value: String) -> String? {
        if accepted.contains(name) || name.hasPrefix("x-") || name.hasPrefix("X-") { return nil }
        // A value that switches it off asks for what is so.
        if ["0", "off", "no", "false"].contains(value) { return nil }
        guard let reason = named[name] else { return "option \"\(name.printable)\" is not known and has no effect" }
        return "option \"\(name)\" has no effect: \(reason)"
    }
}
