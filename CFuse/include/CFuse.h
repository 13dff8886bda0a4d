/* SPDX-License-Identifier: Apache-2.0 */
/* libfuse's low-level interface for Swift, and what Swift cannot express of it. */
#ifndef CFUSE_H
#define CFUSE_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

/* Sends libfuse's messages to a function of whole lines, from any thread. The message is valid during the call only. */
void cfuse_set_log(void (*_Nonnull log)(const char *_Nonnull message));

/* What a session may ask the kernel for that libfuse has no name for before 3.17. */
enum cfuse_feature {
    /* Files may be mapped shared that are else read and written without the kernel's cache (FOPEN_DIRECT_IO):
       FUSE_DIRECT_IO_ALLOW_MMAP of Linux 6.6. */
    CFUSE_DIRECT_MAPPING = 1,
    /* The server takes set-user-ID and set-group-ID bits away where cfuse_drops_privileges() says so, and the kernel
       does not ask for a file's capabilities before each write: FUSE_HANDLE_KILLPRIV_V2 of Linux 5.11. */
    CFUSE_DROPPED_PRIVILEGES = 2,
    /* The kernel says of an access control list whether it takes the set-group-ID bit away, see
       cfuse_drops_privileges(): FUSE_SETXATTR_EXT of Linux 5.14. */
    CFUSE_LISTS_DROP_PRIVILEGES = 4,
};
/* Asks for features, when a mounted session begins. One session of the process only. Returns 0, or -1 where libfuse
   cannot be asked. */
int cfuse_ask_for(struct fuse_session *_Nonnull session, int features);
/* Which of them the kernel has agreed to. */
int cfuse_features(void);
/* Whether the request that this thread answers takes set-user-ID and set-group-ID bits from its file; if it sets an
   access control list, the latter alone. */
int cfuse_drops_privileges(void);

/* What a request's first bytes say: who sent it, and whether its answer takes long. */
struct cfuse_kind {
    uint32_t pid;
    int takes_long;
};
/* Reads the first bytes of a request of count bytes, as it came from the kernel, that this thread answers next, and brings
   it into the form that libfuse knows. */
struct cfuse_kind cfuse_request(void *_Nullable request, size_t count);

#endif
