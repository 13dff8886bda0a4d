/* SPDX-License-Identifier: Apache-2.0 */
#include "CSHA256.h"
#include "Constants.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define TARGET __attribute__((target("sha,sse4.1,ssse3")))

static int ask(void) {
    unsigned eax, ebx, ecx, edx;
    int has_shuffles = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_SSSE3) && (ecx & bit_SSE4_1);
    return has_shuffles && __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & (1u << 29));
}

int csha256_has_instructions(void) {
    /* Asked once, as a virtual machine takes its time to answer; threads that ask together get the same. */
    static _Atomic int known;
    if (!known) known = ask() ? 1 : -1;
    return known > 0;
}

/* A state as the instructions want it: words a, b, e, f and c, d, g, h, the first one in the highest place. */
struct halves {
    __m128i abef, cdgh;
};

TARGET static inline struct halves load(const uint32_t *state) {
    __m128i dcba = _mm_loadu_si128((const __m128i *)state);
    __m128i hgfe = _mm_loadu_si128((const __m128i *)(state + 4));
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1);
    __m128i efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    return (struct halves){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

TARGET static inline void store(uint32_t *state, struct halves halves) {
    __m128i feba = _mm_shuffle_epi32(halves.abef, 0x1B);
    __m128i dchg = _mm_shuffle_epi32(halves.cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* The next four words of the message schedule (FIPS 180-4, section 6.2.2, step 1) in place of the oldest four. */
TARGET static inline __m128i schedule(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
    return _mm_sha256msg2_epu32(sum, w3);
}

/* Always inlined with a constant `has_second`, so that each of both callers has a loop of its own. */
TARGET static inline __attribute__((always_inline)) void
add_blocks(uint32_t *first, uint32_t *second, const uint8_t *data, size_t block_count, int has_second) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    struct halves one = load(first), other = one;
    if (has_second) other = load(second);
    for (; block_count > 0; block_count--, data += 64) {
        struct halves one_before = one, other_before = other;
        __m128i w[4];
        for (int part = 0; part < 4; part++)
            w[part] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(data + 16 * part)), swap);
#pragma clang loop unroll(full)
        for (int group = 0; group < 16; group++) {
            const __m128i *constants = (const __m128i *)(csha256_round_constants + 4 * group);
            __m128i words = _mm_add_epi32(w[group & 3], _mm_loadu_si128(constants));
            /* Four rounds, two by each instruction; in turns, since each waits for the one before. */
            __m128i later = _mm_shuffle_epi32(words, 0x0E);
            one.cdgh = _mm_sha256rnds2_epu32(one.cdgh, one.abef, words);
            if (has_second) other.cdgh = _mm_sha256rnds2_epu32(other.cdgh, other.abef, words);
            one.abef = _mm_sha256rnds2_epu32(one.abef, one.cdgh, later);
            if (has_second) other.abef = _mm_sha256rnds2_epu32(other.abef, other.cdgh, later);
            if (group < 12)
                w[group & 3] = schedule(w[group & 3], w[(group + 1) & 3], w[(group + 2) & 3], w[(group + 3) & 3]);
        }
        one.abef = _mm_add_epi32(one.abef, one_before.abef);
        one.cdgh = _mm_add_epi32(one.cdgh, one_before.cdgh);
        if (has_second) {
            other.abef = _mm_add_epi32(other.abef, other_before.abef);
            other.cdgh = _mm_add_epi32(other.cdgh, other_before.cdgh);
        }
    }
    store(first, one);
    if (has_second) store(second, other);
}

TARGET static void add_to_one(uint32_t *state, const uint8_t *data, size_t block_count) {
    add_blocks(state, state, data, block_count, 0);
}

TARGET static void add_to_two(uint32_t *first, uint32_t *second, const uint8_t *data, size_t block_count) {
    add_blocks(first, second, data, block_count, 1);
}

#else

int csha256_has_instructions(void) { return 0; }
static void add_to_one(uint32_t *state, const uint8_t *data, size_t block_count) {
    csha256_add_portably(state, data, block_count);
}
static void add_to_two(uint32_t *first, uint32_t *second, const uint8_t *data, size_t block_count) {}

#endif

void csha256_add(uint32_t *state, const uint8_t *data, size_t block_count) {
    if (csha256_has_instructions())
        add_to_one(state, data, block_count);
    else
        csha256_add_portably(state, data, block_count);
}

void csha256_add_to_both(uint32_t *first, uint32_t *second, const uint8_t *data, size_t block_count) {
    if (csha256_has_instructions()) {
        add_to_two(first, second, data, block_count);
    } else {
        csha256_add_portably(first, data, block_count);
        csha256_add_portably(second, data, block_count);
    }
}
