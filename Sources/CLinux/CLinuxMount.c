/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxMount.h"
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

const uint64_t clinux_MOUNT_ATTR_RDONLY = MOUNT_ATTR_RDONLY;
const uint64_t clinux_MOUNT_ATTR_NOSUID = MOUNT_ATTR_NOSUID;
const uint64_t clinux_MOUNT_ATTR_NODEV = MOUNT_ATTR_NODEV;
const uint64_t clinux_MOUNT_ATTR_NOEXEC = MOUNT_ATTR_NOEXEC;
const uint64_t clinux_MOUNT_ATTR_NOATIME = MOUNT_ATTR_NOATIME;
const uint64_t clinux_MOUNT_ATTR_NODIRATIME = MOUNT_ATTR_NODIRATIME;

int clinux_fsopen(const char *type) { return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC); }

int clinux_fsconfig_string(int context, const char *key, const char *value) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_STRING, key, value, 0);
}

int clinux_fsconfig_flag(int context, const char *key) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_FLAG, key, NULL, 0);
}

int clinux_fsconfig_descriptor(int context, const char *key, int descriptor) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_SET_FD, key, NULL, descriptor);
}

int clinux_fsconfig_create(int context) {
    return (int)syscall(SYS_fsconfig, context, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int clinux_fsmount(int context, uint64_t attributes) {
    return (int)syscall(SYS_fsmount, context, FSMOUNT_CLOEXEC, (unsigned)attributes);
}

int clinux_open_tree_clone(int directory, const char *path, int recursively) {
    unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursively ? AT_RECURSIVE : 0);
    return (int)syscall(SYS_open_tree, directory, path, flags);
}

int clinux_move_mount(int mount, int directory, const char *target) {
    unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*target ? 0 : MOVE_MOUNT_T_EMPTY_PATH);
    return (int)syscall(SYS_move_mount, mount, "", directory, target, flags);
}

int clinux_mount_set_private(int mount, uint64_t attributes) {
    struct mount_attr changes = {.attr_set = attributes, .propagation = MS_PRIVATE};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &changes, sizeof changes);
}

int clinux_mount_change(int mount, uint64_t set, uint64_t cleared) {
    struct mount_attr changes = {.attr_set = set, .attr_clr = cleared};
    return (int)syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH, &changes, sizeof changes);
}

int clinux_change_own_directory(int directory) {
    if (unshare(CLONE_FS) != 0) return -1;
    return fchdir(directory);
}
