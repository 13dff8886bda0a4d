/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxProcess.h"
#include <fcntl.h>
#include <link.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
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

int clinux_identify(int directory, const char *path, int follow, struct clinux_identity *identity) {
    struct statx answer;
    int flags = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC | (follow ? 0 : AT_SYMLINK_NOFOLLOW);
    // Without a wish for anything that the file's server would have to be asked for; the number of the mount is told
    // all the same.
    if (statx(directory, path, flags, 0, &answer) != 0) return -1;
    identity->device = makedev(answer.stx_dev_major, answer.stx_dev_minor);
    identity->inode = answer.stx_ino;
    identity->mount = answer.stx_mask & STATX_MNT_ID ? answer.stx_mnt_id : 0;
    identity->is_mount_root = (answer.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
    return 0;
}

int clinux_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING); }

static const int all_seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

int clinux_seal(int file) { return fcntl(file, F_ADD_SEALS, all_seals); }

int clinux_is_sealed(int file) {
    int seals = fcntl(file, F_GET_SEALS);
    return seals >= 0 && (seals & all_seals) == all_seals;
}

int clinux_spawn_enter_directory(void *actions, int directory) {
    return posix_spawn_file_actions_addfchdir_np(actions, directory);
}

int clinux_copy_mount_namespace(void) {
    if (unshare(CLONE_NEWNS) != 0) return -1;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
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
