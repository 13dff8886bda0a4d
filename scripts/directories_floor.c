/* SPDX-License-Identifier: Apache-2.0 */
/* The least that two equal directories cost to compare: directories_floor DIR DIR [THREADS]

   Makes the system calls that looking at everything needs and nothing else: each directory is opened and listed; a
   regular file is opened, and asked for its metadata, its attributes and its bytes; anything else is asked for metadata
   and attributes by its name. Prints how many names differ in some way, but neither which nor in what; it trusts its
   input. Build: cc -O2 -pthread -o directories_floor scripts/directories_floor.c */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#ifndef SYS_listxattrat
#define SYS_listxattrat 465
#endif
enum { CHUNK = 128 << 10, LISTING = 256 << 10, NAMES = 1 << 20, ROOM = 64 << 20 };

static int tops[2];
static atomic_long differing;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static char **waiting;
static size_t waiting_count, waiting_room;
static int busy;

/* What one thread needs: for each side a file's bytes, and a directory's names, each behind its type. */
struct side {
    char *bytes, *room, **names;
    size_t count;
};

static void push(char *path) {
    pthread_mutex_lock(&mutex);
    if (waiting_count == waiting_room) {
        waiting_room = waiting_room ? 2 * waiting_room : 1024;
        waiting = realloc(waiting, waiting_room * sizeof *waiting);
        if (!waiting) abort();
    }
    waiting[waiting_count++] = path;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
}

static char *take(void) {
    char *path = NULL;
    pthread_mutex_lock(&mutex);
    while (!waiting_count && busy) pthread_cond_wait(&changed, &mutex);
    if (waiting_count) {
        path = waiting[--waiting_count];
        busy++;
    }
    pthread_mutex_unlock(&mutex);
    return path;
}

static void done(void) {
    pthread_mutex_lock(&mutex);
    if (!--busy) pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static int order(const void *left, const void *right) {
    return strcmp(*(char *const *)left + 1, *(char *const *)right + 1);
}

static void list(int directory, struct side *side, char *buffer) {
    char *end = side->room;
    side->count = 0;
    for (long size; (size = syscall(SYS_getdents64, directory, buffer, LISTING)) > 0;)
        for (long at = 0; at < size;) {
            struct dirent64 *entry = (struct dirent64 *)(buffer + at);
            at += entry->d_reclen;
            if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
            size_t length = strlen(entry->d_name) + 1;
            if (side->count == NAMES || end + length + 1 > side->room + ROOM) abort();
            side->names[side->count++] = end;
            *end++ = (char)entry->d_type;
            end = memcpy(end, entry->d_name, length) + length;
        }
    qsort(side->names, side->count, sizeof *side->names, order);
}

static int agree(const struct stat *one, const struct stat *two) {
    return one->st_mode == two->st_mode && one->st_uid == two->st_uid && one->st_gid == two->st_gid &&
           one->st_size == two->st_size && one->st_nlink == two->st_nlink;
}

static int same_file(int one, int two, struct side *sides) {
    struct stat first, second;
    if (one < 0 || two < 0 || fstat(one, &first) || fstat(two, &second) || !agree(&first, &second)) return 0;
    if (flistxattr(one, NULL, 0) != flistxattr(two, NULL, 0)) return 0;
    for (off_t at = 0; at < first.st_size;) {
        size_t wanted = first.st_size - at < CHUNK ? (size_t)(first.st_size - at) : CHUNK;
        ssize_t size = pread(one, sides[0].bytes, wanted, at);
        if (size <= 0 || pread(two, sides[1].bytes, wanted, at) != size) return 0;
        if (memcmp(sides[0].bytes, sides[1].bytes, (size_t)size)) return 0;
        at += size;
    }
    return 1;
}

static int same_other(const int *directories, const char *name, int is_link, struct side *sides) {
    struct stat status[2];
    long attributes[2], length[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        if (fstatat(directories[i], name, &status[i], AT_SYMLINK_NOFOLLOW)) return 0;
        attributes[i] = syscall(SYS_listxattrat, directories[i], name, AT_SYMLINK_NOFOLLOW, NULL, 0);
        if (is_link) length[i] = readlinkat(directories[i], name, sides[i].bytes, CHUNK);
    }
    return (is_link ? agree(&status[0], &status[1]) : status[0].st_mode == status[1].st_mode) &&
           attributes[0] == attributes[1] && length[0] == length[1] && length[0] >= 0 &&
           !memcmp(sides[0].bytes, sides[1].bytes, (size_t)length[0]);
}

static void *work(void *unused) {
    struct side sides[2];
    char *buffer = malloc(LISTING);
    for (int i = 0; i < 2; i++) {
        sides[i].bytes = aligned_alloc(4096, CHUNK);
        sides[i].room = malloc(ROOM);
        sides[i].names = malloc(NAMES * sizeof(char *));
    }
    for (char *path; (path = take()); free(path), done()) {
        int directories[2];
        for (int i = 0; i < 2; i++) {
            directories[i] = openat(tops[i], path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
            list(directories[i], &sides[i], buffer);
        }
        if (sides[0].count != sides[1].count) differing++;
        for (size_t i = 0; i < sides[0].count && i < sides[1].count; i++) {
            const char *name = sides[0].names[i] + 1, type = sides[0].names[i][0];
            int is_same = type == sides[1].names[i][0] && !strcmp(name, sides[1].names[i] + 1);
            if (is_same && type == DT_REG) {
                const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
                int one = openat(directories[0], name, flags), two = openat(directories[1], name, flags);
                is_same = same_file(one, two, sides);
                close(one);
                close(two);
            } else if (is_same) {
                is_same = same_other(directories, name, type == DT_LNK, sides);
                char *below;
                if (type == DT_DIR && asprintf(&below, "%s/%s", path, name) > 0) push(below);
            }
            if (!is_same) differing++;
        }
        close(directories[0]);
        close(directories[1]);
    }
    return unused;
}

int main(int count, char **words) {
    if (count < 3) return 2;
    for (int i = 0; i < 2; i++)
        if ((tops[i] = open(words[1 + i], O_RDONLY | O_DIRECTORY)) < 0) return perror(words[1 + i]), 2;
    push(strdup("."));
    long threads = count > 3 ? atol(words[3]) : sysconf(_SC_NPROCESSORS_ONLN);
    if (threads < 1 || threads > 64) return 2;
    pthread_t all[64];
    for (long i = 0; i < threads; i++)
        if (pthread_create(&all[i], NULL, work, NULL)) return 2;
    for (long i = 0; i < threads; i++) pthread_join(all[i], NULL);
    printf("%ld\n", (long)differing);
    return differing != 0;
}
