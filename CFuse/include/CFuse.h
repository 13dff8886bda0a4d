/* SPDX-License-Identifier: Apache-2.0 */
/* libfuse's low-level interface for Swift, and what Swift cannot express of it. */
#ifndef CFUSE_H
#define CFUSE_H

#define FUSE_USE_VERSION 314
#include <fuse_lowlevel.h>

/* Sends libfuse's messages to a function of whole lines, from any thread. The message is valid during the call only. */
void cfuse_set_log(void (*_Nonnull log)(const char *_Nonnull message));

#endif
