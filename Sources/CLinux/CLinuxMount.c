/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxMount.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

const uint64_t clinux_MOUNT_ATTR_RDONLY = MOUNT_ATTR_RDONLY;
const uint64_t clinux_MOUNT_ATTR_NOSUID = MOUNT_ATTR_NOSUID;
const uint64_t clinux_MOUNT_ATTR_NODEV = MOUNT_ATTR_NODEV;
const uint64_t clinux_MOUNT_ATTR_NOEXEC = MOUNT_ATTR_NOEXEC;

int clinux_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC); }

int clinux_fsconfig_string(int context, const char *key, const char *value) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0);
}

int clinux_fsconfig_flag(int context, const char *key) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, key, NULL, 0);
}

int clinux_fsconfig_create(int context) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int clinux_fsmount(int context, uint64_t attributes) {
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

int clinux_open_tree_clone(int directory, const char *path) {
    return (int)syscall(SYS_open_tree, directory, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
}

int clinux_move_mount(int mount, const char *target) {
    return (int)syscall(SYS_move_mount, mount, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
}
