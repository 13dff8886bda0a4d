/* SPDX-License-Identifier: Apache-2.0 */
#include "CIgzip.h"

#ifdef ISAL
#if !__has_include(<isa-l.h>)
#error "ISA-L is missing: install libisal-dev, or build with --disable-default-traits"
#endif
#include <isa-l.h>
#include <stdlib.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

struct cigzip {
    struct inflate_state state;
};

cigzip *cigzip_new(void) {
    cigzip *inflater = malloc(sizeof *inflater);
    if (inflater) cigzip_reset(inflater);
    return inflater;
}

void cigzip_free(cigzip *inflater) { free(inflater); }

void cigzip_reset(cigzip *inflater) {
    isal_inflate_init(&inflater->state);
    inflater->state.crc_flag = ISAL_GZIP;
}

cigzip_step cigzip_inflate(
    cigzip *inflater, const uint8_t *input, uint32_t input_count, uint8_t *output, uint32_t output_count) {
    struct inflate_state *state = &inflater->state;
    state->next_in = (uint8_t *)input;
    state->avail_in = input_count;
    state->next_out = output;
    state->avail_out = output_count;
    cigzip_step step;
    step.error = isal_inflate(state);
    step.is_at_end = state->block_state == ISAL_BLOCK_FINISH;
    step.unread = state->avail_in;
    step.unwritten = state->avail_out;
    return step;
}

const char *cigzip_built_with(void) {
    return TEXT(ISAL_MAJOR_VERSION) "." TEXT(ISAL_MINOR_VERSION) "." TEXT(ISAL_PATCH_VERSION);
}

#endif
