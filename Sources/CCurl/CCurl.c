/* SPDX-License-Identifier: Apache-2.0 */
#include "CCurl.h"

#include <stdlib.h>
#include <string.h>

#include "Library.h"

/* Bytes of all heads of one answer, interim ones too. */
#define HEAD_LIMIT (1 << 20)
/* Bytes that the library receives, and sends, at once. */
#define CHUNK (256L << 10)

#define lib ccurl_library

struct ccurl_session {
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    int is_added;
    /* The answer's head. */
    char *head;
    size_t head_size, head_total;
    int has_head, told_head;
    /* Where bytes of the body go, and what had no room there. */
    uint8_t *target;
    size_t room, filled;
    uint8_t *spill;
    size_t spill_start, spill_size;
    int is_held;
    /* Bytes to upload. */
    uint8_t *chunk;
    size_t chunk_start, chunk_size;
    int wants_bytes;
    /* How it ended. */
    int is_over;
    CURLcode code;
    char text[CURL_ERROR_SIZE];
};

ccurl_session *ccurl_new(void) {
    ccurl_session *session = calloc(1, sizeof *session);
    if (!session) return NULL;
    session->multi = lib.curl_multi_init();
    session->easy = lib.curl_easy_init();
    session->head = malloc(HEAD_LIMIT);
    session->chunk = malloc(CHUNK);
    if (session->multi && session->easy && session->head && session->chunk) {
        lib.multi_setopt(session->multi, CURLMOPT_MAXCONNECTS, 4L);
        return session;
    }
    ccurl_free(session);
    return NULL;
}

void ccurl_free(ccurl_session *session) {
    if (session->is_added) lib.curl_multi_remove_handle(session->multi, session->easy);
    if (session->easy) lib.curl_easy_cleanup(session->easy);
    if (session->multi) lib.curl_multi_cleanup(session->multi);
    lib.curl_slist_free_all(session->headers);
    free(session->head);
    free(session->spill);
    free(session->chunk);
    free(session);
}

/* MARK: - What the library calls */

/* CURLOPT_HEADERFUNCTION: a line of a head, or of what follows a body in chunks, which nobody needs. */
static size_t take_header(char *bytes, size_t one, size_t size, void *pointer) {
    ccurl_session *session = pointer;
    size *= one;
    if (session->has_head) return size;
    session->head_total += size;
    if (session->head_total > HEAD_LIMIT) return 0;
    if (size >= 5 && !memcmp(bytes, "HTTP/", 5)) session->head_size = 0;
    memcpy(session->head + session->head_size, bytes, size);
    session->head_size += size;
    int is_end = (size == 2 && bytes[0] == '\r') || (size == 1 && bytes[0] == '\n');
    /* What is below 200 is not the answer yet. */
    if (is_end && ccurl_status(session) >= 200) session->has_head = 1;
    return size;
}

/* CURLOPT_WRITEFUNCTION: bytes of the body. What has no room waits: first here, then in the library. */
static size_t take_body(char *bytes, size_t one, size_t size, void *pointer) {
    ccurl_session *session = pointer;
    size *= one;
    size_t room = session->room - session->filled;
    if (size > room && session->spill_size) {
        session->is_held = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    size_t fitting = size < room ? size : room;
    if (fitting) memcpy(session->target + session->filled, bytes, fitting);
    session->filled += fitting;
    if (fitting == size) return size;
    uint8_t *spill = realloc(session->spill, size - fitting);
    if (!spill) return 0;
    memcpy(spill, bytes + fitting, size - fitting);
    session->spill = spill;
    session->spill_start = 0;
    session->spill_size = size - fitting;
    return size;
}

/* CURLOPT_READFUNCTION: bytes to upload. */
static size_t give_body(char *buffer, size_t one, size_t size, void *pointer) {
    ccurl_session *session = pointer;
    size *= one;
    if (!session->chunk_size) {
        session->wants_bytes = 1;
        return CURL_READFUNC_PAUSE;
    }
    if (size > session->chunk_size) size = session->chunk_size;
    memcpy(buffer, session->chunk + session->chunk_start, size);
    session->chunk_start += size;
    session->chunk_size -= size;
    return size;
}

/* MARK: - Describing a transfer */

#define TRY(call)                                                                                                 \
    do {                                                                                                          \
        CURLcode code = (call);                                                                                   \
        if (code != CURLE_OK) return (int)code;                                                                   \
    } while (0)
#define SET(option, value) TRY(lib.easy_setopt(session->easy, option, value))

void ccurl_reset(ccurl_session *session) {
    if (session->is_added) lib.curl_multi_remove_handle(session->multi, session->easy);
    session->is_added = 0;
    lib.curl_easy_reset(session->easy);
    lib.curl_slist_free_all(session->headers);
    session->headers = NULL;
    session->head_size = session->head_total = 0;
    session->has_head = session->told_head = 0;
    session->spill_size = session->chunk_size = 0;
    session->is_held = session->wants_bytes = 0;
    session->is_over = 0;
    session->code = CURLE_OK;
    session->text[0] = 0;
}

int ccurl_set_address(ccurl_session *session, const char *address) {
    SET(CURLOPT_URL, address);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    return 0;
}

int ccurl_set_method(ccurl_session *session, const char *method, int body, const uint8_t *bytes, int64_t size) {
    switch (body) {
    case ccurl_no_body: SET(CURLOPT_HTTPGET, 1L); break;
    case ccurl_no_body_in_answer: SET(CURLOPT_NOBODY, 1L); break;
    case ccurl_whole_body:
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
        SET(CURLOPT_COPYPOSTFIELDS, size ? (const char *)bytes : "");
        break;
    default:
        SET(CURLOPT_UPLOAD, 1L);
        SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)size);
        SET(CURLOPT_READFUNCTION, give_body);
        SET(CURLOPT_READDATA, (void *)session);
        (void)lib.easy_setopt(session->easy, CURLOPT_UPLOAD_BUFFERSIZE, CHUNK);
        /* A connection that the server has closed meanwhile would be noticed after bytes are gone. */
        SET(CURLOPT_FRESH_CONNECT, 1L);
    }
    SET(CURLOPT_CUSTOMREQUEST, method);
    return 0;
}

int ccurl_add_header(ccurl_session *session, const char *line) {
    struct curl_slist *list = lib.curl_slist_append(session->headers, line);
    if (!list) return CURLE_OUT_OF_MEMORY;
    session->headers = list;
    return 0;
}

int ccurl_set_proxy(ccurl_session *session, const char *proxy) {
    SET(CURLOPT_PROXY, proxy);
    /* Who is asked without it is decided: no variable of the environment has a say. */
    SET(CURLOPT_NOPROXY, "");
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    return 0;
}

int ccurl_set_connect_timeout(ccurl_session *session, long milliseconds) {
    SET(CURLOPT_CONNECTTIMEOUT_MS, milliseconds);
    return 0;
}

static CURLcode set_blob(ccurl_session *session, CURLoption option, const uint8_t *bytes, size_t size) {
    struct curl_blob blob = {.data = (void *)bytes, .len = size, .flags = CURL_BLOB_COPY};
    return lib.easy_setopt(session->easy, option, &blob);
}

int ccurl_set_trust(ccurl_session *session, int verifies, const uint8_t *roots, size_t size) {
    SET(CURLOPT_SSL_VERIFYPEER, verifies ? 1L : 0L);
    SET(CURLOPT_SSL_VERIFYHOST, verifies ? 2L : 0L);
    if (size) TRY(set_blob(session, CURLOPT_CAINFO_BLOB, roots, size));
    return 0;
}

int ccurl_set_certificate(
    ccurl_session *session, const uint8_t *certificate, size_t certificate_size, const uint8_t *key, size_t key_size) {
    SET(CURLOPT_SSLCERTTYPE, "PEM");
    SET(CURLOPT_SSLKEYTYPE, "PEM");
    TRY(set_blob(session, CURLOPT_SSLCERT_BLOB, certificate, certificate_size));
    TRY(set_blob(session, CURLOPT_SSLKEY_BLOB, key, key_size));
    return 0;
}

const char *ccurl_default_roots(ccurl_session *session) {
    char *path = NULL;
    return lib.easy_getinfo(session->easy, CURLINFO_CAINFO, &path) == CURLE_OK ? path : NULL;
}

/* MARK: - The transfer */

int ccurl_begin(ccurl_session *session) {
    SET(CURLOPT_ERRORBUFFER, session->text);
    SET(CURLOPT_HTTPHEADER, session->headers);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HEADERFUNCTION, take_header);
    SET(CURLOPT_HEADERDATA, (void *)session);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, (void *)session);
    /* Refused where the buffer of a transfer that failed early is still there: a small one does as well. */
    (void)lib.easy_setopt(session->easy, CURLOPT_BUFFERSIZE, CHUNK);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    /* A look-up of a name that is given up is not waited for. The option came with 7.87. */
    (void)lib.easy_setopt(session->easy, CURLOPT_QUICK_EXIT, 1L);
    if (lib.curl_multi_add_handle(session->multi, session->easy) != CURLM_OK) return CURLE_FAILED_INIT;
    session->is_added = 1;
    return 0;
}

static void end(ccurl_session *session, CURLcode code) {
    session->is_over = 1;
    session->code = code;
}

/* Lets the library go on with what it holds back; it calls back at once with what it has. */
static CURLcode resume(ccurl_session *session) {
    session->is_held = session->wants_bytes = 0;
    CURLcode code = lib.curl_easy_pause(session->easy, CURLPAUSE_CONT);
    if (code != CURLE_OK && !session->is_over) end(session, code);
    return code;
}

/* What the caller is to be told; `ccurl_waiting` for nothing. */
static int news(ccurl_session *session) {
    if (session->has_head && !session->told_head) {
        session->told_head = 1;
        /* Who answers before all was sent wants no more of it; the library must not go on waiting for that. */
        if (session->wants_bytes && !session->is_over) resume(session);
        return ccurl_head;
    }
    if (session->filled) return ccurl_bytes;
    if (session->is_over) return session->code == CURLE_OK ? ccurl_ended : ccurl_failed;
    return session->wants_bytes && !session->has_head ? ccurl_wants_bytes : ccurl_waiting;
}

static void perform(ccurl_session *session) {
    int running = 0, waiting = 0;
    if (lib.curl_multi_perform(session->multi, &running) != CURLM_OK) {
        end(session, CURLE_FAILED_INIT);
        return;
    }
    CURLMsg *message;
    while ((message = lib.curl_multi_info_read(session->multi, &waiting)))
        if (message->msg == CURLMSG_DONE && !session->is_over) end(session, message->data.result);
}

/* Gives out what had no room before, and lets the library go on. */
static void release(ccurl_session *session) {
    size_t count = session->spill_size < session->room ? session->spill_size : session->room;
    if (count) {
        memcpy(session->target, session->spill + session->spill_start, count);
        session->filled = count;
        session->spill_start += count;
        session->spill_size -= count;
    }
    if (session->is_held && !session->spill_size && !session->is_over) resume(session);
}

int ccurl_step(ccurl_session *session, uint8_t *buffer, size_t size, int milliseconds, size_t *count) {
    session->target = buffer;
    session->room = buffer ? size : 0;
    session->filled = 0;
    release(session);
    int told = news(session);
    if (told == ccurl_waiting) {
        perform(session);
        told = news(session);
    }
    if (told == ccurl_waiting && milliseconds > 0) {
        int ready = 0;
        if (lib.curl_multi_poll(session->multi, NULL, 0, milliseconds, &ready) != CURLM_OK)
            end(session, CURLE_FAILED_INIT);
        else
            perform(session);
        told = news(session);
    }
    *count = session->filled;
    session->target = NULL;
    session->room = session->filled = 0;
    return told;
}

int ccurl_give(ccurl_session *session, const uint8_t *bytes, size_t size) {
    if (size > CHUNK || session->chunk_size) return CURLE_BAD_FUNCTION_ARGUMENT;
    memcpy(session->chunk, bytes, size);
    session->chunk_start = 0;
    session->chunk_size = size;
    return session->is_over ? 0 : (int)resume(session);
}

long ccurl_status(ccurl_session *session) {
    long status = 0;
    return lib.easy_getinfo(session->easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK ? status : 0;
}

size_t ccurl_copy_head(ccurl_session *session, uint8_t *buffer, size_t size) {
    if (buffer) memcpy(buffer, session->head, size < session->head_size ? size : session->head_size);
    return session->head_size;
}

int ccurl_failure_code(ccurl_session *session) { return (int)session->code; }

int ccurl_failure_errno(ccurl_session *session) {
    long number = 0;
    return lib.easy_getinfo(session->easy, CURLINFO_OS_ERRNO, &number) == CURLE_OK ? (int)number : 0;
}

const char *ccurl_failure_text(ccurl_session *session) { return session->text; }
