/* SPDX-License-Identifier: Apache-2.0 */
/* libfuse's low-level interface for Swift, and what Swift cannot express of it. */
#ifndef CFUSE_H
#define CFUSE_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

/* Sends libfuse's messages to a function of whole lines, from any thread. The message is valid during the call only. */
void cfuse_set_log(void (*_Nonnull log)(const char *_Nonnull message));

/* Asks the kernel, when a mounted session begins, to let files be mapped shared that are else read and written without
   its cache (FOPEN_DIRECT_IO): FUSE_DIRECT_IO_ALLOW_MMAP of Linux 6.6, which libfuse has no name for before 3.17.
   One session of the process only. Returns 0, or -1 where libfuse cannot be asked. */
int cfuse_ask_for_direct_mapping(struct fuse_session *_Nonnull session);
/* Whether the kernel, asked like this, has agreed. */
int cfuse_maps_directly(void);

#endif
