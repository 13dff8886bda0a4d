/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxOpenFiles.h"
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

long clinux_getdents(int directory, void *buffer, size_t size) {
    return syscall(SYS_getdents64, directory, buffer, size);
}

int clinux_fallocate(int file, int mode, int64_t offset, int64_t count) {
    return fallocate(file, mode, offset, count);
}

long clinux_append(int file, const void *bytes, size_t count) {
    struct iovec piece = {.iov_base = (void *)bytes, .iov_len = count};
    return pwritev2(file, &piece, 1, 0, RWF_APPEND);
}

int clinux_file_system_type(int file, int64_t *type) {
    struct statfs answer;
    if (fstatfs(file, &answer) != 0) return -1;
    *type = answer.f_type;
    return 0;
}

int clinux_device_of(int file, uint64_t *device) {
    struct statx answer;
    if (statx(file, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, 0, &answer) != 0) return -1;
    *device = makedev(answer.stx_dev_major, answer.stx_dev_minor);
    return 0;
}

int clinux_test_lock(int file, int16_t *type, int64_t *start, int64_t *count, int32_t *process) {
    struct flock lock = {.l_type = *type, .l_whence = SEEK_SET, .l_start = *start, .l_len = *count};
    if (fcntl(file, F_OFD_GETLK, &lock) != 0) return -1;
    *type = lock.l_type;
    *start = lock.l_start;
    *count = lock.l_len;
    *process = lock.l_pid;
    return 0;
}

int clinux_set_lock(int file, int16_t type, int64_t start, int64_t count) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = count};
    return fcntl(file, F_OFD_SETLK, &lock);
}

long clinux_getxattr(const char *path, const char *name, void *value, size_t size) {
    return getxattr(path, name, value, size);
}

long clinux_listxattr(const char *path, void *list, size_t size) { return listxattr(path, list, size); }

int clinux_setxattr(const char *path, const char *name, const void *value, size_t size, int flags) {
    return setxattr(path, name, value, size, flags);
}

int clinux_removexattr(const char *path, const char *name) { return removexattr(path, name); }

int clinux_forbid_tracing(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
