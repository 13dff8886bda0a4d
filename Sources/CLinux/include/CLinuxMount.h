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

/* fsopen(2), close-on-exec. */
int clinux_fsopen(const char *type);
/* fsconfig(2) with FSCONFIG_SET_STRING. */
int clinux_fsconfig_string(int context, const char *key, const char *value);
/* fsconfig(2) with FSCONFIG_SET_FLAG. */
int clinux_fsconfig_flag(int context, const char *key);
/* fsconfig(2) with FSCONFIG_CMD_CREATE. */
int clinux_fsconfig_create(int context);
/* fsmount(2), close-on-exec; MOUNT_ATTR_ flags. */
int clinux_fsmount(int context, uint64_t attributes);
/* open_tree(2) of a mount's root as a new detached mount, close-on-exec. */
int clinux_open_tree_clone(int directory, const char *path);
/* move_mount(2) of the mount that a descriptor holds onto a path. */
int clinux_move_mount(int mount, const char *target);

#pragma clang assume_nonnull end
#endif
