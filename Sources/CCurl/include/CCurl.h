/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 transfers by the system's libcurl, pulled by the thread that wants them.

   libcurl calls back with pointers; here that ends. A transfer is stepped: each step runs until something is to be done
   by the caller, or for so many milliseconds. Bytes go into the caller's buffer, and what is uploaded is given when it is
   asked for. No step calls anything of the caller's. The library is loaded with the first transfer: a program that
   never speaks with a registry does not pay for it.

   A session is used by one thread at a time. It keeps its connections from one transfer to the next. */
#ifndef CCURL_H
#define CCURL_H

#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct ccurl_session ccurl_session;

/* What a step ended with. */
enum {
    /* The time is over and nothing happened. */
    ccurl_waiting = 0,
    /* Status and header fields of the answer are there: told once. */
    ccurl_head = 1,
    /* Bytes of the body are in the buffer. */
    ccurl_bytes = 2,
    /* The upload wants bytes: ccurl_give. */
    ccurl_wants_bytes = 3,
    /* The transfer is over, and all came. */
    ccurl_ended = 4,
    /* The transfer is over: ccurl_failure_code and the like tell why. */
    ccurl_failed = 5
};

/* How a request has a body. */
enum { ccurl_no_body = 0, ccurl_whole_body = 1, ccurl_streamed_body = 2, ccurl_no_body_in_answer = 3 };

/* Loads the library, once; NULL if it is there, else why not. Not to be called by two threads at once before it has
   returned. */
const char *_Nullable ccurl_load(void);

/* The versions of the library and of its TLS. Only after ccurl_load(). */
const char *ccurl_version(void);
const char *ccurl_tls_version(void);

/* A session; NULL without memory. Only after ccurl_load(). */
ccurl_session *_Nullable ccurl_new(void);
void ccurl_free(ccurl_session *session);

/* Lets go of a transfer, finished or not, and of everything that was set. Whole ones leave their connection open. */
void ccurl_reset(ccurl_session *session);

/* What follows describes a transfer, after ccurl_reset; each returns 0, or a CURLcode. Texts and bytes are copied. */
int ccurl_set_address(ccurl_session *session, const char *address);
int ccurl_set_method(ccurl_session *session, const char *method, int body, const uint8_t *_Nullable bytes, int64_t size);
int ccurl_add_header(ccurl_session *session, const char *line);
/* `proxy` may be empty: none. The environment is not looked at. */
int ccurl_set_proxy(ccurl_session *session, const char *proxy);
int ccurl_set_connect_timeout(ccurl_session *session, long milliseconds);
/* Whether the server must prove who it is, by an authority of `roots` (PEM); none for the library's own. */
int ccurl_set_trust(ccurl_session *session, int verifies, const uint8_t *_Nullable roots, size_t size);
/* What is shown to a server that asks (PEM). */
int ccurl_set_certificate(
    ccurl_session *session, const uint8_t *certificate, size_t certificate_size, const uint8_t *key, size_t key_size);
/* The file of authorities that the library would take; NULL if it has none. */
const char *_Nullable ccurl_default_roots(ccurl_session *session);

/* Begins the transfer. */
int ccurl_begin(ccurl_session *session);

/* Runs the transfer; `*count` says how many bytes came into `buffer`, which may have no room. */
int ccurl_step(ccurl_session *session, uint8_t *_Nullable buffer, size_t size, int milliseconds, size_t *count);
/* Gives the next bytes of an upload, at least one; 0, or a CURLcode. */
int ccurl_give(ccurl_session *session, const uint8_t *bytes, size_t size);

/* The status of the answer; 0 before its head. */
long ccurl_status(ccurl_session *session);
/* The lines of the answer's head, ended by CR LF each; returns their size, and copies as much as there is room for. */
size_t ccurl_copy_head(ccurl_session *session, uint8_t *_Nullable buffer, size_t size);

/* Of a transfer that failed: its CURLcode, the system's error number or 0, and what the library says. */
int ccurl_failure_code(ccurl_session *session);
int ccurl_failure_errno(ccurl_session *session);
const char *ccurl_failure_text(ccurl_session *session);

#pragma clang assume_nonnull end
#endif
