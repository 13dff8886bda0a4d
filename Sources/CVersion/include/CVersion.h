/* SPDX-License-Identifier: Apache-2.0 */
/* What the build knows of the program. */
#ifndef CVERSION_H
#define CVERSION_H

#pragma clang assume_nonnull begin

/* The commit that the program was built from, with `-dirty` where files differed from it; empty where the build did not
   know. */
const char *cversion_commit(void);

#pragma clang assume_nonnull end
#endif
