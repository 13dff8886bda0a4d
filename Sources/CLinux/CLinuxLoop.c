/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxLoop.h"
#include <linux/loop.h>
#include <sys/ioctl.h>

int clinux_loop_free_number(int control) { return ioctl(control, LOOP_CTL_GET_FREE); }

int clinux_loop_configure(int device, int file, unsigned block_size) {
    struct loop_config configuration = {
        .fd = (unsigned)file,
        .block_size = block_size,
        .info = {.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR},
    };
    return ioctl(device, LOOP_CONFIGURE, &configuration);
}
