/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up rights for good: what a process that reads hostile bytes can do without. */
#ifndef CLINUX_CONFINE_H
#define CLINUX_CONFINE_H

#include <stdint.h>

#pragma clang assume_nonnull begin

/* Leaves the calling process, which has one thread, with the descriptors 0, 1 and 2, memory up to `memory` bytes, and
   `seconds` of a processor: no files, no network, no other process, no rights of root. Uses prctl(2), setrlimit(2),
   setresuid(2), capset(2), landlock_restrict_self(2) where the kernel has it, and seccomp(2).
   Returns 0, or an error number where the process could not be confined. */
int clinux_confine(uint64_t memory, uint64_t seconds);

/* Leaves the calling thread, and what it starts from then on, with reading: nothing may be written but below the
   directory `home` and /dev/null; no network, no other process, no rights of root (root becomes `user`). The other
   threads of the process keep what they have. Uses prctl(2), setresuid(2), capset(2), landlock_restrict_self(2) where
   the kernel has it, and seccomp(2). Returns 0, or an error number where the thread could not be confined. */
int clinux_confine_thread(int home, uint32_t user);

/* Bounds what a child may use: bytes of address space, seconds of a processor, bytes of a file; prlimit(2).
   Returns 0, or an error number. */
int clinux_limit_process(int process, uint64_t memory, uint64_t seconds, uint64_t file_size);

#pragma clang assume_nonnull end
#endif
