/* SPDX-License-Identifier: Apache-2.0 */
#include "CArchive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAMES(X)                                                                                                   \
    X(archive_read_new) X(archive_read_free) X(archive_read_support_filter_all) X(archive_read_support_format_raw)     \
    X(archive_read_support_format_empty) X(archive_read_support_format_all) X(archive_read_set_read_callback)          \
    X(archive_read_set_seek_callback) X(archive_read_set_skip_callback) X(archive_read_set_callback_data)              \
    X(archive_read_set_options) X(archive_read_open1) X(archive_read_next_header) X(archive_read_data)                 \
    X(archive_read_data_block) X(archive_error_string) X(archive_format) X(archive_set_error)                          \
    X(archive_entry_pathname) X(archive_entry_size) X(archive_entry_filetype) X(archive_entry_hardlink)                \
    X(archive_entry_size_is_set) X(archive_entry_set_size) X(archive_entry_clone) X(archive_entry_free)                \
    X(archive_entry_set_hardlink) X(archive_entry_copy_pathname) X(archive_entry_copy_hardlink) X(archive_write_new) X(archive_write_free) X(archive_write_close)                     \
    X(archive_write_set_format_pax) X(archive_write_add_filter_none) X(archive_write_set_bytes_in_last_block)          \
    X(archive_write_open) X(archive_write_header) X(archive_write_data) X(archive_version_string)

static struct {
#define DECLARE(name) __typeof__(name) *name;
    NAMES(DECLARE)
} lib;

const char *carchive_load(void) {
    static int is_loaded;
    if (is_loaded) return NULL;
    void *handle = dlopen("libarchive.so.13", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOAD(name)                                                                                                 \
    if (!(*(void **)&lib.name = dlsym(handle, #name))) return dlerror();
    NAMES(LOAD)
    is_loaded = 1;
    return NULL;
}

const char *carchive_version(void) { return lib.archive_version_string(); }

static char input[256 << 10];
static char piece[256 << 10];

static la_ssize_t take(struct archive *archive, void *data, const void **buffer) {
    (void)data;
    *buffer = input;
    ssize_t count;
    while ((count = read(0, input, sizeof(input))) < 0 && errno == EINTR) {}
    if (count < 0) lib.archive_set_error(archive, errno, "it cannot be read: %s", strerror(errno));
    return count;
}

static la_int64_t seek(struct archive *archive, void *data, la_int64_t offset, int whence) {
    (void)archive;
    (void)data;
    off_t place = lseek(0, offset, whence);
    return place < 0 ? ARCHIVE_FATAL : place;
}

static int give(const void *bytes, size_t count) {
    while (count) {
        ssize_t written = write(1, bytes, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return -1;
        bytes = (const char *)bytes + written;
        count -= (size_t)written;
    }
    return 0;
}

static la_ssize_t put(struct archive *archive, void *data, const void *bytes, size_t count) {
    (void)data;
    if (!give(bytes, count)) return (la_ssize_t)count;
    lib.archive_set_error(archive, errno, "nobody reads it any more");
    return -1;
}

static int fail(struct archive *archive, const char *name, char *reason, size_t size) {
    const char *said = archive ? lib.archive_error_string(archive) : "no memory";
    if (!said) said = "it is damaged";
    if (name)
        snprintf(reason, size, "\"%s\": %s", name, said);
    else
        snprintf(reason, size, "%s", said);
    return -1;
}

/* An archive on descriptor 0, in any format but that of one stream. */
static int open_input(struct archive *archive, int is_raw) {
    lib.archive_read_support_filter_all(archive);
    if (is_raw) {
        lib.archive_read_support_format_raw(archive);
        lib.archive_read_support_format_empty(archive);
    } else {
        lib.archive_read_support_format_all(archive);
        /* What a list of files says of their bytes is not looked for. */
        (void)lib.archive_read_set_options(archive, "mtree:!checkfs");
    }
    lib.archive_read_set_read_callback(archive, take);
    /* What comes through a pipe has no positions. */
    if (lseek(0, 0, SEEK_CUR) >= 0) lib.archive_read_set_seek_callback(archive, seek);
    lib.archive_read_set_callback_data(archive, NULL);
    return lib.archive_read_open1(archive);
}

/* Writes the bytes of an entry as they are. */
static int copy_bytes(struct archive *archive, char *reason, size_t size) {
    la_ssize_t count;
    while ((count = lib.archive_read_data(archive, piece, sizeof(piece))) > 0) {
        if (give(piece, (size_t)count)) {
            snprintf(reason, size, "nobody reads it any more");
            return -1;
        }
    }
    return count < 0 ? fail(archive, NULL, reason, size) : 0;
}

static int decompress(struct archive *archive, char *reason, size_t size) {
    struct archive_entry *entry;
    if (open_input(archive, 1) != ARCHIVE_OK) return fail(archive, NULL, reason, size);
    int code = lib.archive_read_next_header(archive, &entry);
    if (code == ARCHIVE_EOF) return 0;
    if (code != ARCHIVE_OK) return fail(archive, NULL, reason, size);
    return copy_bytes(archive, reason, size);
}

static const char zeros[64 << 10];

/* Writes the bytes of an entry with the holes between them; what is missing at the end is an error. */
static int copy_entry(
    struct archive *archive, struct archive *tar, la_int64_t total, const char *name, char *reason, size_t size) {
    const void *bytes;
    size_t count;
    la_int64_t offset = 0, place = 0;
    int code;
    while ((code = lib.archive_read_data_block(archive, &bytes, &count, &offset)) == ARCHIVE_OK) {
        if (offset < place || offset > total || (la_int64_t)count > total - offset) {
            snprintf(reason, size, "\"%s\": has bytes where none can be", name);
            return -1;
        }
        while (place < offset) {
            size_t gap = offset - place < (la_int64_t)sizeof(zeros) ? (size_t)(offset - place) : sizeof(zeros);
            if (lib.archive_write_data(tar, zeros, gap) < 0) return fail(tar, name, reason, size);
            place += (la_int64_t)gap;
        }
        if (count && lib.archive_write_data(tar, bytes, count) != (la_ssize_t)count) return fail(tar, name, reason, size);
        place += (la_int64_t)count;
    }
    if (code != ARCHIVE_EOF) return fail(archive, name, reason, size);
    if (place < total) {
        snprintf(reason, size, "\"%s\": has fewer bytes than it says", name);
        return -1;
    }
    return 0;
}

/* Names of files that came without their bytes, as cpio has it: those are with the file's last name. */
struct names {
    char **pairs;
    size_t count, room, bytes;
};

/* Links whose bytes may still come: a bound for what one archive can make us remember. */
static const size_t link_bytes_limit = 64 << 20;

static int remember(struct names *names, const char *target, const char *name) {
    names->bytes += strlen(target) + strlen(name) + 2;
    if (names->bytes > link_bytes_limit) return -1;
    if (names->count + 2 > names->room) {
        size_t room = names->room ? names->room * 2 : 64;
        char **pairs = realloc(names->pairs, room * sizeof(*pairs));
        if (!pairs) return -1;
        names->pairs = pairs;
        names->room = room;
    }
    char *first = strdup(target), *second = strdup(name);
    if (!first || !second) {
        free(first);
        free(second);
        return -1;
    }
    names->pairs[names->count++] = first;
    names->pairs[names->count++] = second;
    return 0;
}

static void forget(struct names *names) {
    for (size_t place = 0; place < names->count; place++) free(names->pairs[place]);
    free(names->pairs);
}

/* Writes a link that has the bytes of its file: the file again, with them, and every name that it got before. */
static int write_linked(
    struct archive *archive, struct archive *tar, struct archive_entry *entry, const struct names *names,
    const char *name, char *reason, size_t size) {
    int answer = -1;
    struct archive_entry *file = lib.archive_entry_clone(entry);
    if (!file) return fail(NULL, name, reason, size);
    char *target = strdup(lib.archive_entry_hardlink(entry));
    if (!target) goto end;
    lib.archive_entry_set_hardlink(file, NULL);
    lib.archive_entry_copy_pathname(file, target);
    if (lib.archive_write_header(tar, file) != ARCHIVE_OK) {
        fail(tar, name, reason, size);
        goto end;
    }
    if (copy_entry(archive, tar, lib.archive_entry_size(entry), name, reason, size)) goto end;
    lib.archive_entry_set_size(file, 0);
    lib.archive_entry_copy_hardlink(file, target);
    for (size_t place = 0; place <= names->count; place += 2) {
        int is_last = place == names->count;
        if (!is_last && strcmp(names->pairs[place], target)) continue;
        lib.archive_entry_copy_pathname(file, is_last ? name : names->pairs[place + 1]);
        if (lib.archive_write_header(tar, file) != ARCHIVE_OK) {
            fail(tar, name, reason, size);
            goto end;
        }
    }
    answer = 0;
end:
    free(target);
    lib.archive_entry_free(file);
    return answer;
}

static int write_tar(struct archive *archive, char *reason, size_t size) {
    if (open_input(archive, 0) != ARCHIVE_OK) return fail(archive, NULL, reason, size);
    struct archive *tar = lib.archive_write_new();
    if (!tar) return fail(NULL, NULL, reason, size);
    int answer = -1;
    struct names names = {0};
    lib.archive_write_set_format_pax(tar);
    lib.archive_write_add_filter_none(tar);
    lib.archive_write_set_bytes_in_last_block(tar, 1);
    if (lib.archive_write_open(tar, NULL, NULL, put, NULL) != ARCHIVE_OK) {
        fail(tar, NULL, reason, size);
        goto end;
    }
    for (;;) {
        struct archive_entry *entry;
        int code = lib.archive_read_next_header(archive, &entry);
        if (code == ARCHIVE_EOF) break;
        const char *name = code < ARCHIVE_WARN ? NULL : lib.archive_entry_pathname(entry);
        /* A warning is a loss, and nothing is lost in silence. */
        if (code != ARCHIVE_OK) {
            fail(archive, name, reason, size);
            goto end;
        }
        if (!name) {
            snprintf(reason, size, "has a file without a name that can be told");
            goto end;
        }
        /* What no tar can hold without its length is damaged or was written by no archiver. */
        la_int64_t total = lib.archive_entry_size_is_set(entry) ? lib.archive_entry_size(entry) : 0;
        if (total < 0) {
            snprintf(reason, size, "\"%s\": has no length", name);
            goto end;
        }
        const char *target = lib.archive_entry_hardlink(entry);
        if (target && total > 0) {
            if (write_linked(archive, tar, entry, &names, name, reason, size)) goto end;
            continue;
        }
        if (target && remember(&names, target, name)) {
            snprintf(reason, size, "\"%s\": there are too many links", name);
            goto end;
        }
        code = lib.archive_write_header(tar, entry);
        if (code != ARCHIVE_OK) {
            fail(tar, name, reason, size);
            goto end;
        }
        int has_bytes = lib.archive_entry_filetype(entry) == AE_IFREG && !target;
        if (has_bytes && copy_entry(archive, tar, total, name, reason, size)) goto end;
    }
    answer = lib.archive_write_close(tar) == ARCHIVE_OK ? 0 : fail(tar, NULL, reason, size);
end:
    forget(&names);
    lib.archive_write_free(tar);
    return answer;
}

static la_ssize_t take_member(struct archive *archive, void *data, const void **buffer) {
    static char member[256 << 10];
    *buffer = member;
    la_ssize_t count = lib.archive_read_data(data, member, sizeof(member));
    if (count < 0) lib.archive_set_error(archive, EINVAL, "%s", lib.archive_error_string(data));
    return count;
}

/* deb(5): an `ar` whose member data.tar, compressed in one way or another, has the files. */
static int unpack_package(struct archive *outer, char *reason, size_t size) {
    if (open_input(outer, 0) != ARCHIVE_OK) return fail(outer, NULL, reason, size);
    struct archive_entry *entry;
    int code;
    while ((code = lib.archive_read_next_header(outer, &entry)) == ARCHIVE_OK) {
        const char *name = lib.archive_entry_pathname(entry);
        if (!name || strncmp(name, "data.tar", 8)) continue;
        struct archive *inner = lib.archive_read_new();
        if (!inner) return fail(NULL, name, reason, size);
        lib.archive_read_support_filter_all(inner);
        lib.archive_read_support_format_raw(inner);
        lib.archive_read_set_read_callback(inner, take_member);
        lib.archive_read_set_callback_data(inner, outer);
        int answer = -1;
        if (lib.archive_read_open1(inner) != ARCHIVE_OK || lib.archive_read_next_header(inner, &entry) != ARCHIVE_OK)
            fail(inner, "data.tar", reason, size);
        else
            answer = copy_bytes(inner, reason, size);
        lib.archive_read_free(inner);
        return answer;
    }
    if (code != ARCHIVE_EOF) return fail(outer, NULL, reason, size);
    snprintf(reason, size, "has no data.tar");
    return -1;
}

int carchive_convert(int purpose, char *reason, size_t reason_size) {
    struct archive *archive = lib.archive_read_new();
    if (!archive) return fail(NULL, NULL, reason, reason_size);
    int answer;
    switch (purpose) {
    case carchive_decompress: answer = decompress(archive, reason, reason_size); break;
    case carchive_tar: answer = write_tar(archive, reason, reason_size); break;
    case carchive_package: answer = unpack_package(archive, reason, reason_size); break;
    default: answer = fail(archive, NULL, reason, reason_size);
    }
    lib.archive_read_free(archive);
    return answer;
}
