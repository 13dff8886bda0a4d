/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libcurl, there after ccurl_load(). */
#ifndef CCURL_LIBRARY_H
#define CCURL_LIBRARY_H

#include <curl/curl.h>

/* The functions of the library, as its headers declare them. */
#define FUNCTIONS(each)                                                                                           \
    each(curl_global_init) each(curl_version_info) each(curl_easy_init) each(curl_easy_cleanup)                    \
    each(curl_easy_reset) each(curl_easy_pause) each(curl_slist_append) each(curl_slist_free_all)                  \
    each(curl_multi_init) each(curl_multi_cleanup) each(curl_multi_add_handle) each(curl_multi_remove_handle)      \
    each(curl_multi_perform) each(curl_multi_poll) each(curl_multi_info_read)

struct ccurl_library {
#define DECLARE(name) __typeof__(name) *name;
    FUNCTIONS(DECLARE)
#undef DECLARE
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
};

extern struct ccurl_library ccurl_library;

#endif
