/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "CLinuxThreads.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The state is the third field; the processor is the 39th (proc_pid_stat(5)). */
#define STATE 3
#define PROCESSOR 39

/* A field of /proc/THREAD/stat in `text`; NULL where it is not to be seen. */
static const char *field_of(int thread, int wanted, char *text, size_t size) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", thread);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return NULL;
    ssize_t count = read(file, text, size - 1);
    close(file);
    if (count <= 0) return NULL;
    text[count] = 0;
    /* The name before the state may itself hold blanks and brackets. */
    const char *field = strrchr(text, ')');
    for (int number = STATE - 1; field != NULL && number < wanted; number++) {
        field = strchr(field, ' ');
        if (field != NULL) field++;
    }
    return field;
}

int clinux_processor_of_thread(int thread) {
    char text[1024];
    const char *field = field_of(thread, PROCESSOR, text, sizeof text);
    if (field == NULL || *field < '0' || *field > '9') return -1;
    errno = 0;
    long processor = strtol(field, NULL, 10);
    return errno == 0 && processor < 1 << 16 ? (int)processor : -1;
}

int clinux_thread_is_runnable(int thread) {
    char text[1024];
    const char *field = field_of(thread, STATE, text, sizeof text);
    return field != NULL && *field == 'R';
}

int clinux_thread_identifier(void) { return gettid(); }

int clinux_run_on_processor(int processor) {
    cpu_set_t *set = CPU_ALLOC(processor + 1);
    if (set == NULL) return -1;
    size_t size = CPU_ALLOC_SIZE(processor + 1);
    CPU_ZERO_S(size, set);
    CPU_SET_S(processor, size, set);
    int result = sched_setaffinity(0, size, set);
    CPU_FREE(set);
    return result;
}

int clinux_run_when_idle(void) {
    struct sched_param none = {0};
    return sched_setscheduler(0, SCHED_IDLE, &none);
}
