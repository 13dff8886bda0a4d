/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxEntryXattrs.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_listxattrat
#define SYS_listxattrat 465
#endif

long clinux_llistxattr(const char *path, int follow, void *list, size_t size) {
    return follow ? listxattr(path, list, size) : llistxattr(path, list, size);
}

long clinux_flistxattr(int file, void *list, size_t size) { return flistxattr(file, list, size); }

long clinux_fgetxattr(int file, const char *name, void *value, size_t size) {
    return fgetxattr(file, name, value, size);
}

long clinux_listxattrat(int directory, const char *name, void *list, size_t size) {
    return syscall(SYS_listxattrat, directory, name, AT_SYMLINK_NOFOLLOW, list, size);
}

long clinux_lgetxattr(const char *path, int follow, const char *name, void *value, size_t size) {
    return follow ? getxattr(path, name, value, size) : lgetxattr(path, name, value, size);
}

int clinux_lsetxattr(const char *path, int follow, const char *name, const void *value, size_t size, int flags) {
    return follow ? setxattr(path, name, value, size, flags) : lsetxattr(path, name, value, size, flags);
}

int clinux_lremovexattr(const char *path, int follow, const char *name) {
    return follow ? removexattr(path, name) : lremovexattr(path, name);
}

int clinux_fchmodat2(int directory, const char *path, unsigned mode, int flags) {
    return (int)syscall(SYS_fchmodat2, directory, path, mode, flags);
}

long clinux_copy_file_range(int in, int64_t *in_offset, int out, int64_t *out_offset, size_t count) {
    return copy_file_range(in, in_offset, out, out_offset, count, 0);
}

int clinux_clone_file(int out, int in) { return ioctl(out, FICLONE, in); }
