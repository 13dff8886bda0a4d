/* SPDX-License-Identifier: Apache-2.0 */
/* The file-descriptor based mount calls. Each returns what the call returns, with errno set. */
#ifndef CLINUX_MOUNT_H
#define CLINUX_MOUNT_H

#include <stdint.h>

#pragma clang assume_nonnull begin

extern const uint64_t clinux_MOUNT_ATTR_RDONLY;
extern const uint64_t clinux_MOUNT_ATTR_NOSUID;
extern const uint64_t clinux_MOUNT_ATTR_NODEV;
extern const uint64_t clinux_MOUNT_ATTR_NOEXEC;
extern const uint64_t clinux_MOUNT_ATTR_NOATIME;
extern const uint64_t clinux_MOUNT_ATTR_NODIRATIME;

/* fsopen(2), close-on-exec. */
int clinux_fsopen(const char *type);
/* fsconfig(2) with FSCONFIG_SET_STRING. */
int clinux_fsconfig_string(int context, const char *key, const char *value);
/* fsconfig(2) with FSCONFIG_SET_FLAG. */
int clinux_fsconfig_flag(int context, const char *key);
/* fsconfig(2) with FSCONFIG_SET_FD. */
int clinux_fsconfig_descriptor(int context, const char *key, int descriptor);
/* fsconfig(2) with FSCONFIG_CMD_CREATE. */
int clinux_fsconfig_create(int context);
/* fsmount(2), close-on-exec; MOUNT_ATTR_ flags. */
int clinux_fsmount(int context, uint64_t attributes);
/* open_tree(2) of a directory as a new detached mount, close-on-exec; also with what is mounted below. */
int clinux_open_tree_clone(int directory, const char *path, int recursively);
/* move_mount(2) of the mount that a descriptor holds onto a path, or, if that is empty, onto the directory. */
int clinux_move_mount(int mount, int directory, const char *target);
/* fchdir(2) for the calling thread alone, which from then on has a working directory of its own. */
int clinux_change_own_directory(int directory);
/* mount_setattr(2) for a mount and all below it: sets MOUNT_ATTR_ flags and makes them private. */
int clinux_mount_set_private(int mount, uint64_t attributes);
/* mount_setattr(2) for a mount alone: sets some MOUNT_ATTR_ flags and takes others away. */
int clinux_mount_change(int mount, uint64_t set, uint64_t cleared);

#pragma clang assume_nonnull end
#endif
