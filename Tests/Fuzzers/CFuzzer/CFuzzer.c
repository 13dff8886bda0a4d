/* SPDX-License-Identifier: Apache-2.0 */
#include "CFuzzer.h"

/* The linker takes in the library's own main too, unused, and that one asks for this. */
int LLVMFuzzerTestOneInput(const uint8_t *start, size_t count) {
    (void)start;
    (void)count;
    return 0;
}
