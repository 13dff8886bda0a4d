/* SPDX-License-Identifier: Apache-2.0 */
/* Processes: what spawn.h, pidfd_open(2) and prctl(2) keep from Swift. Each returns what the call returns.
   Actions are posix_spawn_file_actions_t; naming the type here would make it another one than Glibc's. */
#ifndef CLINUX_PROCESS_H
#define CLINUX_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

extern const short clinux_POSIX_SPAWN_SETSID;

char *_Nullable *_Nonnull clinux_environment(void);
/* posix_spawn_file_actions_addclosefrom_np(3): returns an error number. */
int clinux_spawn_close_from(void *actions, int first);
/* posix_spawn_file_actions_addchdir_np(3): returns an error number. */
int clinux_spawn_change_directory(void *actions, const char *path);
/* pidfd_open(2). */
int clinux_pidfd_open(int pid);
/* prctl(2) with PR_SET_NAME: names the calling thread. */
int clinux_set_thread_name(const char *name);
/* setns(2): moves the calling thread into the mount namespace of a process that a pidfd holds. */
int clinux_enter_mount_namespace(int process);
/* setns(2): moves the calling process, which has one thread, into the user namespace of a process. */
int clinux_enter_user_namespace(int process);
/* What a file is, as the kernel knows it without asking the file system. */
struct clinux_identity {
    uint64_t device;
    uint64_t inode;
    /* The number of the mount; 0 where the kernel does not tell. */
    uint64_t mount;
    /* Whether the file is the root of its mount. */
    int is_mount_root;
};
/* statx(2) that asks for nothing; an empty path means the descriptor itself. */
int clinux_identify(int directory, const char *path, int follow, struct clinux_identity *identity);
/* memfd_create(2), close-on-exec, to be sealed. */
int clinux_memory_file(const char *name);
/* fcntl(2) with F_ADD_SEALS: nothing of the file can be changed any more. */
int clinux_seal(int file);
/* fcntl(2) with F_GET_SEALS: whether all that clinux_seal does was done. */
int clinux_is_sealed(int file);
/* posix_spawn_file_actions_addfchdir_np(3): returns an error number. */
int clinux_spawn_enter_directory(void *actions, int directory);
/* unshare(2): a mount namespace of its own for the calling thread, its mounts private. */
int clinux_copy_mount_namespace(void);
/* dl_iterate_phdr(3): calls `body` with address, size and PF_… flags of each segment of the program and its libraries that
   lies in memory, as far as it is in the file. */
void clinux_for_each_segment(void (*body)(uintptr_t start, size_t count, uint32_t flags));
/* clone(2): a child in a new user namespace that lives until the other end of a pipe is closed. */
int clinux_hold_user_namespace(int read_end, int write_end);

#pragma clang assume_nonnull end
#endif
