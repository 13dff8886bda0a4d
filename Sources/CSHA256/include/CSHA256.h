/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of several messages at once, one in each lane of the processor's vectors. */
#ifndef CSHA256_H
#define CSHA256_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

enum { csha256_maximum_lanes = 16 };

/* Messages that this processor takes at once: 16 with AVX-512, 8 with AVX2; 0 where it has neither, or has
   instructions for SHA-256 itself, which are faster. */
int csha256_lanes(void);

/* Adds `block_count` blocks of 64 bytes to each lane. `state` holds word w of lane l at [w * lanes + l]; data[l] points
   to the lane's blocks. Only to be called with csha256_lanes() > 0. */
void csha256_compress(uint32_t *state, const uint8_t *_Nonnull const *_Nonnull data, size_t block_count);

/* Whether this processor has instructions for SHA-256. */
int csha256_has_instructions(void);

/* Adds `block_count` blocks of 64 bytes to a message's state of eight words. */
void csha256_add(uint32_t *state, const uint8_t *data, size_t block_count);

/* Adds the same blocks to two messages. Instructions of one message wait for each other, so that the other's take little
   more time; and what is made of the blocks alone is made once. Without instructions it is done twice. */
void csha256_add_to_both(uint32_t *first, uint32_t *second, const uint8_t *data, size_t block_count);

/* What csha256_add() does without instructions of the processor's; to be tested where there are some. */
void csha256_add_portably(uint32_t *state, const uint8_t *data, size_t block_count);

#pragma clang assume_nonnull end
#endif
