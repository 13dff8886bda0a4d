/* SPDX-License-Identifier: Apache-2.0 */
#include "CFuse.h"
#include <fuse_log.h>
#include <errno.h>
#include <linux/fuse.h>
#include <stdarg.h>
#include <stdatomic.h>
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

/* Bits of the second word of flags; not in the headers of every system. */
#define HAS_SECOND_WORD (1u << 30)
#define DIRECT_IO_ALLOW_MMAP (1u << 4)

static atomic_int kernel_offers;
static atomic_int maps_directly;
static uint64_t first_request;

static ssize_t read_request(int file, void *buffer, size_t size, void *user_data) {
    (void)user_data;
    ssize_t count = read(file, buffer, size);
    if (count < (ssize_t)(sizeof(struct fuse_in_header) + 5 * sizeof(uint32_t))) return count;
    struct fuse_in_header header;
    memcpy(&header, buffer, sizeof header);
    if (header.opcode != FUSE_INIT) return count;
    /* major, minor, max_readahead, flags, flags2 */
    uint32_t words[5];
    memcpy(words, (char *)buffer + sizeof header, sizeof words);
    if ((words[3] & HAS_SECOND_WORD) && (words[4] & DIRECT_IO_ALLOW_MMAP)) {
        first_request = header.unique;
        kernel_offers = 1;
    }
    return count;
}

static ssize_t write_reply(int file, struct iovec *pieces, int count, void *user_data) {
    (void)user_data;
    if (kernel_offers && !maps_directly && count == 2 && pieces[1].iov_len >= 9 * sizeof(uint32_t)) {
        struct fuse_out_header header;
        memcpy(&header, pieces[0].iov_base, sizeof header);
        if (header.unique == first_request && header.error == 0) {
            /* major, minor, max_readahead, flags, two short ones, max_write, time_gran, two short ones, flags2 */
            uint32_t *words = pieces[1].iov_base;
            words[3] |= HAS_SECOND_WORD;
            words[8] |= DIRECT_IO_ALLOW_MMAP;
            maps_directly = 1;
        }
    }
    return writev(file, pieces, count);
}

int cfuse_ask_for_direct_mapping(struct fuse_session *session) {
    static const struct fuse_custom_io io = {.writev = write_reply, .read = read_request};
    return fuse_session_custom_io(session, &io, fuse_session_fd(session)) == 0 ? 0 : -1;
}

int cfuse_maps_directly(void) { return maps_directly; }
