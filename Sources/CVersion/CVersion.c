/* SPDX-License-Identifier: Apache-2.0 */
#include "CVersion.h"

/* The manifest passes it on from the Makefile: only this file is compiled anew for another commit. */
#ifndef CIMG_COMMIT
#define CIMG_COMMIT ""
#endif

const char *cversion_commit(void) { return CIMG_COMMIT; }
