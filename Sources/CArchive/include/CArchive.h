/* SPDX-License-Identifier: Apache-2.0 */
/* Archives that are no layers, by the system's libarchive: what a confined child does from its first to its last byte. */
#ifndef CARCHIVE_H
#define CARCHIVE_H

#include <stddef.h>

#pragma clang assume_nonnull begin

/* What becomes of what is read. */
enum {
    /* One stream, decompressed. */
    carchive_decompress = 1,
    /* An archive, written as a tar. */
    carchive_tar,
    /* The tar with the files of a Debian package. */
    carchive_package,
};

/* Loads libarchive. Returns NULL, or why it cannot be had. */
const char *_Nullable carchive_load(void);

/* Reads from descriptor 0 to its end and writes to descriptor 1.
   Returns 0, or -1 with the reason, at most `reason_size` bytes with the NUL. */
int carchive_convert(int purpose, char *reason, size_t reason_size);

/* libarchive's version, as "libarchive 3.6.2"; only once it is loaded. */
const char *carchive_version(void);

#pragma clang assume_nonnull end
#endif
