/* SPDX-License-Identifier: Apache-2.0 */
/* Linux system calls and constants that Glibc's module does not show to Swift. Each returns what the call returns,
   with errno set. */
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include "CLinuxEntryXattrs.h"
#include "CLinuxConfine.h"
#include "CLinuxProcess.h"

#include "CLinuxLoop.h"
#include "CLinuxMount.h"
#include "CLinuxOpenFiles.h"
#include "CLinuxThreads.h"

#pragma clang assume_nonnull begin

extern const int clinux_O_PATH;
extern const int clinux_O_TMPFILE;
extern const int clinux_O_NOATIME;
extern const int clinux_AT_EMPTY_PATH;
extern const int clinux_SEEK_DATA;
extern const int clinux_SEEK_HOLE;
extern const uint64_t clinux_RESOLVE_BENEATH;
extern const uint64_t clinux_RESOLVE_NO_SYMLINKS;
extern const uint64_t clinux_RESOLVE_NO_MAGICLINKS;
extern const uint64_t clinux_RESOLVE_NO_XDEV;
extern const uint64_t clinux_RESOLVE_IN_ROOT;
extern const unsigned clinux_RENAME_NOREPLACE;
extern const unsigned clinux_RENAME_EXCHANGE;
extern const int clinux_MNT_DETACH;
extern const int clinux_UMOUNT_NOFOLLOW;

int clinux_openat2(int dirfd, const char *path, int flags, unsigned mode, uint64_t resolve);
/* open(2) of the file that a descriptor holds, through /proc. */
int clinux_reopen(int file, int flags);
int clinux_renameat2(int olddir, const char *oldname, int newdir, const char *newname, unsigned flags);
int clinux_pipe2(int fds[_Nonnull 2], int flags);
int clinux_umount2(const char *target, int flags);
int clinux_syncfs(int fd);
/* Starts write-back of a range (sync_file_range(2)) without waiting for it. */
int clinux_start_writeback(int fd, int64_t offset, int64_t count);
unsigned clinux_major(uint64_t device);
unsigned clinux_minor(uint64_t device);
uint64_t clinux_makedev(unsigned major, unsigned minor);

/* mallopt(3) with M_MMAP_THRESHOLD, malloc_trim(3). */
void clinux_return_blocks(int size);

#pragma clang assume_nonnull end
#endif
