/* SPDX-License-Identifier: Apache-2.0 */
#include "CSHA256.h"
#include "Constants.h"

#if defined(__x86_64__)
#include <string.h>

#define LANES 16
#define NAME compress16
#define TARGET __attribute__((target("avx512f,avx512bw")))
#include "Lanes.inc"
#undef LANES
#undef NAME
#undef TARGET

#define LANES 8
#define NAME compress8
#define TARGET __attribute__((target("avx2")))
#include "Lanes.inc"

int csha256_lanes(void) {
    __builtin_cpu_init();
    if (csha256_has_instructions()) return 0;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return 16;
    return __builtin_cpu_supports("avx2") ? 8 : 0;
}

void csha256_compress(uint32_t *state, const uint8_t *const *data, size_t block_count) {
    if (csha256_lanes() == 16) {
        compress16(state, data, block_count);
    } else {
        compress8(state, data, block_count);
    }
}

#else

int csha256_lanes(void) { return 0; }
void csha256_compress(uint32_t *state, const uint8_t *const *data, size_t block_count) {}

#endif
