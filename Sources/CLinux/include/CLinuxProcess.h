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
/* statx(2): the number of the mount that a path leads to, links followed; 0 where the kernel does not tell. */
int clinux_mount_of(const char *path, uint64_t *mount);
/* dl_iterate_phdr(3): calls `body` with address, size and PF_… flags of each segment of the program and its libraries that
   lies in memory, as far as it is in the file. */
void clinux_for_each_segment(void (*body)(uintptr_t start, size_t count, uint32_t flags));
/* clone(2): a child in a new user namespace that lives until the other end of a pipe is closed. */
int clinux_hold_user_namespace(int read_end, int write_end);

#pragma clang assume_nonnull end
#endif
