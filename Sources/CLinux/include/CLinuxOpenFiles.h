/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on files that are known by a descriptor. Each returns what the call returns, with errno set. */
#ifndef CLINUX_OPEN_FILES_H
#define CLINUX_OPEN_FILES_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/* getdents64(2): records with ino (8), next offset (8), length (2), type (1), name. */
long clinux_getdents(int directory, void *buffer, size_t size);
/* fallocate(2). */
int clinux_fallocate(int file, int mode, int64_t offset, int64_t count);
/* pwritev2(2) with RWF_APPEND: writes at the end of the file, wherever that is by now. */
long clinux_append(int file, const void *bytes, size_t count);
/* fstatfs(2): the type of the file system, such as PROC_SUPER_MAGIC. */
int clinux_file_system_type(int file, int64_t *type);
/* statx(2) of an open file without asking its file system: the device number. */
int clinux_device_of(int file, uint64_t *device);
/* fcntl(2) with F_OFD_GETLK or F_OFD_SETLK; type is F_RDLCK, F_WRLCK or F_UNLCK, count 0 means to the end. */
int clinux_test_lock(int file, int16_t *type, int64_t *start, int64_t *count, int32_t *process);
int clinux_set_lock(int file, int16_t type, int64_t start, int64_t count);
/* The xattr calls that follow links, for paths of /proc/self/fd. */
long clinux_getxattr(const char *path, const char *name, void *_Nullable value, size_t size);
long clinux_listxattr(const char *path, void *_Nullable list, size_t size);
int clinux_setxattr(const char *path, const char *name, const void *_Nullable value, size_t size, int flags);
int clinux_removexattr(const char *path, const char *name);
/* prctl(2): keeps other processes of this user from tracing this one. */
int clinux_forbid_tracing(void);

#pragma clang assume_nonnull end
#endif
