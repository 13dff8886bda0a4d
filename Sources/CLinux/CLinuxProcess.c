/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxProcess.h"
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const short clinux_POSIX_SPAWN_SETSID = POSIX_SPAWN_SETSID;

char **clinux_environment(void) { return environ; }

int clinux_spawn_close_from(void *actions, int first) {
    return posix_spawn_file_actions_addclosefrom_np(actions, first);
}

int clinux_spawn_change_directory(void *actions, const char *path) {
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

int clinux_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_set_thread_name(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }

int clinux_enter_mount_namespace(int process) {
    // A thread that shares its root and working directory with others cannot change them alone.
    if (unshare(CLONE_FS) != 0) return -1;
    return setns(process, CLONE_NEWNS);
}

int clinux_enter_user_namespace(int process) { return setns(process, CLONE_NEWUSER); }

int clinux_mount_of(const char *path, uint64_t *mount) {
    struct statx answer;
    // Without a wish for anything that the file's server would have to be asked for.
    if (statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_MNT_ID, &answer) != 0) return -1;
    *mount = answer.stx_mask & STATX_MNT_ID ? answer.stx_mnt_id : 0;
    return 0;
}

static int each_segment(struct dl_phdr_info *object, size_t size, void *body) {
    (void)size;
    for (int index = 0; index < object->dlpi_phnum; index++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[index];
        if (segment->p_type != PT_LOAD) continue;
        (*(void (**)(uintptr_t, size_t, uint32_t))body)(
            object->dlpi_addr + segment->p_vaddr, segment->p_filesz, segment->p_flags);
    }
    return 0;
}

void clinux_for_each_segment(void (*body)(uintptr_t start, size_t count, uint32_t flags)) {
    dl_iterate_phdr(each_segment, &body);
}

int clinux_hold_user_namespace(int read_end, int write_end) {
    int child = (int)syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child != 0) return child;
    // Only calls that are safe in a copy of a process with threads.
    char byte;
    close(write_end);
    while (read(read_end, &byte, 1) < 0) {}
    _exit(0);
}
