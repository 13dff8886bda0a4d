/* SPDX-License-Identifier: Apache-2.0 */
/* Where the processor has no instructions for SHA-256: FIPS 180-4, section 6.2.2, as it is written; much of it at once
   goes to the system's libcrypto where that is there, which has code for each processor. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

#include "CSHA256.h"
#include "Constants.h"

/* As OpenSSL 3 declares it (SHA256_CTX). */
struct context {
    uint32_t state[8], low, high, data[16];
    unsigned number, size;
};

/* From so many blocks on the call is worth its while: 64 KiB. */
enum { many = 1024 };

static int (*update)(struct context *, const void *, size_t);

static void load(void) {
    void *handle = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (handle) *(void **)&update = dlsym(handle, "SHA256_Update");
}

static inline uint32_t rotated(uint32_t word, int count) { return word >> count | word << (32 - count); }

static void add_block(uint32_t *state, const uint8_t *data) {
    uint32_t w[64], v[8];
    for (int at = 0; at < 16; at++, data += 4)
        w[at] = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    for (int at = 16; at < 64; at++) {
        uint32_t old = w[at - 15], new = w[at - 2];
        w[at] = w[at - 16] + (rotated(old, 7) ^ rotated(old, 18) ^ old >> 3) + w[at - 7] +
                (rotated(new, 17) ^ rotated(new, 19) ^ new >> 10);
    }
    memcpy(v, state, sizeof(v));
    for (int at = 0; at < 64; at++) {
        uint32_t a = v[0], e = v[4];
        uint32_t one = v[7] + (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
                       csha256_round_constants[at] + w[at];
        uint32_t two = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(*v));
        v[4] += one;
        v[0] = one + two;
    }
    for (int at = 0; at < 8; at++) state[at] += v[at];
}

void csha256_add_portably(uint32_t *state, const uint8_t *data, size_t block_count) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    if (block_count >= many) pthread_once(&once, load);
    if (block_count >= many && update) {
        struct context context = {.size = 32};
        memcpy(context.state, state, sizeof(context.state));
        update(&context, data, 64 * block_count);
        memcpy(state, context.state, sizeof(context.state));
        return;
    }
    for (; block_count > 0; block_count--, data += 64) add_block(state, data);
}
