/* SPDX-License-Identifier: Apache-2.0 */
/* The entry point of libFuzzer for programs that bring their own main (compiler-rt, FuzzerInterface.h). */
#ifndef CFUZZER_H
#define CFUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
                        int (*_Nonnull test)(const uint8_t *_Nullable start, size_t count));

#endif
