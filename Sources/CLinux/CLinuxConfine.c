/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxConfine.h"
#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#endif

static int limit(int resource, uint64_t value) {
    struct rlimit limit = {value, value};
    return setrlimit(resource, &limit) ? errno : 0;
}

/* What a plain program has no use for; files, sockets and processes are what seccomp is for. */
static int give_up_identity(void) {
    if (geteuid() == 0) {
        /* Nobody; a namespace may have no such number, and then capabilities are all there is to give up. */
        (void)syscall(SYS_setgroups, (size_t)0, NULL);
        (void)syscall(SYS_setresgid, 65534, 65534, 65534);
        (void)syscall(SYS_setresuid, 65534, 65534, 65534);
    }
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    return syscall(SYS_capset, &header, none) ? errno : 0;
}

/* No right on any file is granted, so that none can be opened; a kernel without Landlock has seccomp alone. */
static int close_files(void) {
    struct landlock_ruleset_attr attributes = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    if (rules < 0) return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : errno;
    int code = syscall(SYS_landlock_restrict_self, rules, 0) ? errno : 0;
    close(rules);
    return code;
}

#ifdef CONFINE_ARCH
#define ALLOW(name)                                                                                                \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int close_system(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(lseek), ALLOW(close),
        ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(mprotect), ALLOW(madvise), ALLOW(brk),
        ALLOW(futex), ALLOW(sched_yield), ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(getrandom),
        ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(getpid), ALLOW(gettid), ALLOW(tgkill),
        ALLOW(exit), ALLOW(exit_group),
        /* Whatever else a library asks for is refused, which it may have an answer to. */
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? errno : 0;
}
#else
static int close_system(void) { return ENOSYS; }
#endif

int clinux_confine(uint64_t memory, uint64_t seconds) {
    int code;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
    if ((code = limit(RLIMIT_CORE, 0)) || (code = limit(RLIMIT_AS, memory)) || (code = limit(RLIMIT_CPU, seconds)) ||
        (code = limit(RLIMIT_FSIZE, 0)))
        return code;
    if ((code = give_up_identity()) || (code = close_files())) return code;
    /* Changing who one is forgets the first; a child whose parent has gone reads for nobody. */
    if (prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) return errno;
    return close_system();
}
