/* SPDX-License-Identifier: Apache-2.0 */
#include "CFuse.h"
#include <fuse_log.h>
#include <errno.h>
#include <linux/fuse.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void (*receiver)(const char *message);

static void forward(enum fuse_log_level level, const char *format, va_list arguments) {
    char message[1024];
    (void)level;
    vsnprintf(message, sizeof message, format, arguments);
    receiver(message);
}

void cfuse_set_log(void (*log)(const char *message)) {
    receiver = log;
    fuse_set_log_func(forward);
}

#define HAS_SECOND_WORD (1u << 30)
/* A bit of the second word of flags; not in the headers of every system. */
#define DIRECT_IO_ALLOW_MMAP (1u << 4)

static int wanted;
static atomic_int offered;
static atomic_int agreed;
static uint64_t first_request;

static ssize_t read_request(int file, void *buffer, size_t size, void *user_data) {
    (void)user_data;
    ssize_t count = read(file, buffer, size);
    if (agreed || count < (ssize_t)(sizeof(struct fuse_in_header) + 5 * sizeof(uint32_t))) return count;
    struct fuse_in_header header;
    memcpy(&header, buffer, sizeof header);
    if (header.opcode != FUSE_INIT) return count;
    /* major, minor, max_readahead, flags, flags2 */
    uint32_t words[5];
    memcpy(words, (char *)buffer + sizeof header, sizeof words);
    int features = 0;
    if ((words[3] & HAS_SECOND_WORD) && (words[4] & DIRECT_IO_ALLOW_MMAP)) features |= CFUSE_DIRECT_MAPPING;
    if (words[3] & FUSE_HANDLE_KILLPRIV_V2) features |= CFUSE_DROPPED_PRIVILEGES;
    if (words[3] & FUSE_SETXATTR_EXT) features |= CFUSE_LISTS_DROP_PRIVILEGES;
    first_request = header.unique;
    offered = features & wanted;
    return count;
}

static ssize_t write_reply(int file, struct iovec *pieces, int count, void *user_data) {
    (void)user_data;
    if (offered && !agreed && count == 2 && pieces[1].iov_len >= 9 * sizeof(uint32_t)) {
        struct fuse_out_header header;
        memcpy(&header, pieces[0].iov_base, sizeof header);
        if (header.unique == first_request && header.error == 0) {
            /* major, minor, max_readahead, flags, two short ones, max_write, time_gran, two short ones, flags2 */
            uint32_t *words = pieces[1].iov_base;
            if (offered & CFUSE_DIRECT_MAPPING) {
                words[3] |= HAS_SECOND_WORD;
                words[8] |= DIRECT_IO_ALLOW_MMAP;
            }
            if (offered & CFUSE_DROPPED_PRIVILEGES) words[3] |= FUSE_HANDLE_KILLPRIV_V2;
            if (offered & CFUSE_LISTS_DROP_PRIVILEGES) words[3] |= FUSE_SETXATTR_EXT;
            agreed = offered;
        }
    }
    return writev(file, pieces, count);
}

int cfuse_ask_for(struct fuse_session *session, int features) {
    static const struct fuse_custom_io io = {.writev = write_reply, .read = read_request};
    wanted = features;
    return fuse_session_custom_io(session, &io, fuse_session_fd(session)) == 0 ? 0 : -1;
}

int cfuse_features(void) { return agreed; }

static _Thread_local int drops_privileges;

int cfuse_drops_privileges(void) { return drops_privileges; }

/* A read of more bytes than this lets others be answered meanwhile. */
#define LONG_READ (64 * 1024)

/* A 32-bit word of a request's arguments; 0 where it is too short for it. */
static uint32_t argument(const void *request, size_t count, size_t offset) {
    uint32_t word = 0;
    if (count >= sizeof(struct fuse_in_header) + offset + sizeof word)
        memcpy(&word, (const char *)request + sizeof(struct fuse_in_header) + offset, sizeof word);
    return word;
}

/* What the attributes to be set are, but for how the file is named. */
#define SETATTR_CHANGES (~(uint32_t)(FATTR_FH | FATTR_LOCKOWNER))

/* Takes from a request the words that libfuse has no place for. */
static void shorten_setxattr(void *request, size_t count, struct fuse_in_header header) {
    const size_t extra = sizeof(struct fuse_setxattr_in) - FUSE_COMPAT_SETXATTR_IN_SIZE;
    char *rest = (char *)request + sizeof header + FUSE_COMPAT_SETXATTR_IN_SIZE;
    memmove(rest, rest + extra, count - sizeof header - sizeof(struct fuse_setxattr_in));
    header.len -= extra;
    memcpy(request, &header, sizeof header);
}

struct cfuse_kind cfuse_request(void *request, size_t count) {
    struct cfuse_kind kind = {0, 0};
    struct fuse_in_header header;
    drops_privileges = 0;
    if (request == NULL || count < sizeof header) return kind;
    memcpy(&header, request, sizeof header);
    kind.pid = header.pid;
    switch (header.opcode) {
    case FUSE_FSYNC:
    case FUSE_FSYNCDIR:
    case FUSE_FALLOCATE:
    case FUSE_COPY_FILE_RANGE:
        kind.takes_long = 1;
        break;
    case FUSE_READ:
        kind.takes_long = argument(request, count, offsetof(struct fuse_read_in, size)) > LONG_READ;
        break;
    case FUSE_WRITE:
        drops_privileges =
            (argument(request, count, offsetof(struct fuse_write_in, write_flags)) & FUSE_WRITE_KILL_SUIDGID) != 0;
        break;
    case FUSE_SETATTR: {
        uint32_t valid = argument(request, count, offsetof(struct fuse_setattr_in, valid));
        /* A change of nothing is what is left of taking the bits away, before fallocate(2) and others: the kernel leaves
           that to the server. */
        drops_privileges = (valid & FATTR_KILL_SUIDGID) != 0 ||
                           ((agreed & CFUSE_DROPPED_PRIVILEGES) && (valid & SETATTR_CHANGES) == 0);
        break;
    }
    case FUSE_SETXATTR:
        if (!(agreed & CFUSE_LISTS_DROP_PRIVILEGES) || count < sizeof header + sizeof(struct fuse_setxattr_in)) break;
        drops_privileges = (argument(request, count, offsetof(struct fuse_setxattr_in, setxattr_flags)) &
                            FUSE_SETXATTR_ACL_KILL_SGID) != 0;
        shorten_setxattr(request, count, header);
        break;
    case FUSE_OPEN:
        drops_privileges =
            (argument(request, count, offsetof(struct fuse_open_in, open_flags)) & FUSE_OPEN_KILL_SUIDGID) != 0;
        break;
    default:
        break;
    }
    return kind;
}
