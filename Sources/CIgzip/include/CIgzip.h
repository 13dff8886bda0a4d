/* SPDX-License-Identifier: Apache-2.0 */
/* What ISA-L keeps from Swift: its inflate state is larger than Swift imports. */
#ifndef CIGZIP_H
#define CIGZIP_H

#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct cigzip cigzip;

/* What is left of the buffers that a call was given. */
typedef struct cigzip_step {
    /* 0, or the negative error of isal_inflate. */
    int error;
    /* Whether a gzip member has ended and its checksum was right. */
    int is_at_end;
    uint32_t unread;
    uint32_t unwritten;
} cigzip_step;

/* Memory to inflate gzip members; NULL if there is none. */
cigzip *_Nullable cigzip_new(void);
void cigzip_free(cigzip *inflater);
/* Makes ready for the next member. */
void cigzip_reset(cigzip *inflater);
/* Inflates what the buffers allow; corresponds to isal_inflate. */
cigzip_step cigzip_inflate(
    cigzip *inflater, const uint8_t *_Nullable input, uint32_t input_count, uint8_t *_Nullable output,
    uint32_t output_count);
/* The version of the headers: the library does not tell its own. */
const char *cigzip_built_with(void);

#pragma clang assume_nonnull end
#endif
