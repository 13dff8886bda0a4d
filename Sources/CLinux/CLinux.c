/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinux.h"
#include <malloc.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

const int clinux_O_PATH = O_PATH;
const int clinux_O_TMPFILE = O_TMPFILE;
const int clinux_O_NOATIME = O_NOATIME;
const int clinux_AT_EMPTY_PATH = AT_EMPTY_PATH;
const int clinux_SEEK_DATA = SEEK_DATA;
const int clinux_SEEK_HOLE = SEEK_HOLE;
const uint64_t clinux_RESOLVE_BENEATH = RESOLVE_BENEATH;
const uint64_t clinux_RESOLVE_NO_SYMLINKS = RESOLVE_NO_SYMLINKS;
const uint64_t clinux_RESOLVE_NO_MAGICLINKS = RESOLVE_NO_MAGICLINKS;
const uint64_t clinux_RESOLVE_NO_XDEV = RESOLVE_NO_XDEV;
const uint64_t clinux_RESOLVE_IN_ROOT = RESOLVE_IN_ROOT;
const unsigned clinux_RENAME_NOREPLACE = RENAME_NOREPLACE;
const unsigned clinux_RENAME_EXCHANGE = RENAME_EXCHANGE;
const int clinux_MNT_DETACH = MNT_DETACH;
const int clinux_UMOUNT_NOFOLLOW = UMOUNT_NOFOLLOW;

int clinux_openat2(int dirfd, const char *path, int flags, unsigned mode, uint64_t resolve) {
    struct open_how how;
    memset(&how, 0, sizeof how);
    how.flags = (uint64_t)(unsigned)flags;
    how.mode = mode;
    how.resolve = resolve;
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

int clinux_reopen(int file, int flags) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return open(path, flags);
}

int clinux_renameat2(int olddir, const char *oldname, int newdir, const char *newname, unsigned flags) {
    return renameat2(olddir, oldname, newdir, newname, flags);
}

int clinux_pipe2(int fds[2], int flags) { return pipe2(fds, flags); }
int clinux_umount2(const char *target, int flags) { return umount2(target, flags); }
int clinux_syncfs(int fd) { return syncfs(fd); }

int clinux_start_writeback(int fd, int64_t offset, int64_t count) {
    return sync_file_range(fd, offset, count, SYNC_FILE_RANGE_WRITE);
}

unsigned clinux_major(uint64_t device) { return major(device); }
unsigned clinux_minor(uint64_t device) { return minor(device); }
uint64_t clinux_makedev(unsigned maj, unsigned min) { return makedev(maj, min); }

void clinux_return_blocks(int size) {
    mallopt(M_MMAP_THRESHOLD, size);
    malloc_trim(0);
}
