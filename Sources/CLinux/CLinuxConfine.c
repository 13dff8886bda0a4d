/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxConfine.h"
#include <errno.h>
#include <fcntl.h>
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
static int give_up_identity(uint32_t user) {
    if (geteuid() == 0) {
        /* A namespace may have no such number, and then capabilities are all there is to give up. */
        (void)syscall(SYS_setgroups, (size_t)0, NULL);
        (void)syscall(SYS_setresgid, user, user, user);
        (void)syscall(SYS_setresuid, user, user, user);
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

#define REFUSE(name)                                                                                               \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)

/* A program that is not ours needs more than a list of what is allowed would know. */
static int close_network(void) {
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(socket), REFUSE(socketpair), REFUSE(connect), REFUSE(bind), REFUSE(io_uring_setup),
        REFUSE(kill), REFUSE(tkill), REFUSE(pidfd_open), REFUSE(ptrace), REFUSE(process_vm_readv),
        REFUSE(process_vm_writev), REFUSE(unshare), REFUSE(setns), REFUSE(mount), REFUSE(umount2), REFUSE(pivot_root),
        REFUSE(chroot), REFUSE(open_tree), REFUSE(move_mount), REFUSE(fsopen), REFUSE(bpf), REFUSE(perf_event_open),
        REFUSE(userfaultfd), REFUSE(add_key), REFUSE(request_key), REFUSE(keyctl),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? errno : 0;
}
#else
static int close_system(void) { return ENOSYS; }
static int close_network(void) { return ENOSYS; }
#endif

/* One rule: what may be done below a directory, or with a file. */
static int allow(int rules, int place, uint64_t access) {
    struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = place};
    return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) ? errno : 0;
}

/* Everything may be read that the caller may read; only one directory, and /dev/null, may be written to. */
static int close_files_but(int home) {
    struct landlock_ruleset_attr attributes = {.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1};
    int rules = (int)syscall(SYS_landlock_create_ruleset, &attributes, sizeof(attributes), 0);
    if (rules < 0) return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : errno;
    int root = open("/", O_PATH | O_CLOEXEC), null = open("/dev/null", O_PATH | O_CLOEXEC);
    int code = root < 0 || null < 0 ? errno : 0;
    if (!code)
        code = allow(rules, root,
                     LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
    if (!code) code = allow(rules, null, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE);
    if (!code) code = allow(rules, home, attributes.handled_access_fs);
    if (!code && syscall(SYS_landlock_restrict_self, rules, 0)) code = errno;
    if (root >= 0) close(root);
    if (null >= 0) close(null);
    close(rules);
    return code;
}

int clinux_confine_thread(int home, uint32_t user) {
    int code;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
    if ((code = close_files_but(home)) || (code = give_up_identity(user))) return code;
    return close_network();
}

int clinux_limit_process(int process, uint64_t memory, uint64_t seconds, uint64_t file_size) {
    static const int resources[] = {RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_CORE};
    const uint64_t values[] = {memory, seconds, file_size, 0};
    for (int n = 0; n < 4; n++) {
        struct rlimit limit = {values[n], values[n]};
        if (prlimit(process, resources[n], &limit, NULL)) return errno;
    }
    return 0;
}

int clinux_confine(uint64_t memory, uint64_t seconds) {
    int code;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return errno;
    if ((code = limit(RLIMIT_CORE, 0)) || (code = limit(RLIMIT_AS, memory)) || (code = limit(RLIMIT_CPU, seconds)) ||
        (code = limit(RLIMIT_FSIZE, 0)))
        return code;
    /* Nobody, who else is nobody cannot look into this process: it is not dumpable. */
    if ((code = give_up_identity(65534)) || (code = close_files())) return code;
    /* Changing who one is forgets the first; a child whose parent has gone reads for nobody. */
    if (prctl(PR_SET_PDEATHSIG, 9, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)) return errno;
    return close_system();
}
