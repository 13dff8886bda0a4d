/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a path whose last component is not followed: llistxattr(2), lgetxattr(2) and so on; with
   `follow` it is followed, for the links of /proc. And what has no function in older C libraries. Each returns what
   the call returns, with errno set. */
#ifndef CLINUX_ENTRY_XATTRS_H
#define CLINUX_ENTRY_XATTRS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

long clinux_llistxattr(const char *path, int follow, void *_Nullable list, size_t size);
/* flistxattr(2). */
long clinux_flistxattr(int file, void *_Nullable list, size_t size);
/* fgetxattr(2). */
long clinux_fgetxattr(int file, const char *name, void *_Nullable value, size_t size);
/* listxattrat(2), Linux 6.13, of a name in a directory; it is not followed. */
long clinux_listxattrat(int directory, const char *name, void *_Nullable list, size_t size);
long clinux_lgetxattr(const char *path, int follow, const char *name, void *_Nullable value, size_t size);
int clinux_lsetxattr(
    const char *path, int follow, const char *name, const void *_Nullable value, size_t size, int flags);
int clinux_lremovexattr(const char *path, int follow, const char *name);
/* fchmodat2(2), Linux 6.6: AT_SYMLINK_NOFOLLOW and AT_EMPTY_PATH. */
int clinux_fchmodat2(int directory, const char *path, unsigned mode, int flags);
/* copy_file_range(2). */
long clinux_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t count);
/* ioctl(2) with FICLONE. */
int clinux_clone_file(int out, int in);

#pragma clang assume_nonnull end
#endif
