/* SPDX-License-Identifier: Apache-2.0 */
#include "CFuse.h"
#include <fuse_log.h>
#include <stdarg.h>
#include <stdio.h>

static void (*receiver)(const char *message);

static void forward(enum fuse_log_level level, const char *format, va_list arguments) {
    char message[1024];
    (void)level;
    vsnprintf(message, sizeof message, format, arguments);
    receiver(message);
}

void cfuse_set_log(void (*log)(const char *message)) {
    receiver = log;
    fuse_set_log_func(forward);
}
