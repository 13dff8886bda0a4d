/* SPDX-License-Identifier: Apache-2.0 */
#include "Library.h"

#include <dlfcn.h>

#include "CCurl.h"

struct ccurl_library ccurl_library;
#define lib ccurl_library

const char *ccurl_load(void) {
    static int is_loaded;
    if (is_loaded) return NULL;
    void *handle = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOAD(name)                                                                                                \
    if (!(*(void **)&lib.name = dlsym(handle, #name))) return dlerror();
    FUNCTIONS(LOAD)
#undef LOAD
    if (!(*(void **)&lib.easy_setopt = dlsym(handle, "curl_easy_setopt"))) return dlerror();
    if (!(*(void **)&lib.easy_getinfo = dlsym(handle, "curl_easy_getinfo"))) return dlerror();
    if (!(*(void **)&lib.multi_setopt = dlsym(handle, "curl_multi_setopt"))) return dlerror();
    curl_version_info_data *version = lib.curl_version_info(CURLVERSION_NOW);
    if (!version || version->version_num < 0x075600) return "is older than 7.86";
    if (!(version->features & CURL_VERSION_SSL)) return "was built without TLS";
    if (lib.curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "cannot be initialised";
    is_loaded = 1;
    return NULL;
}

const char *ccurl_version(void) { return lib.curl_version_info(CURLVERSION_NOW)->version; }

const char *ccurl_tls_version(void) {
    const char *version = lib.curl_version_info(CURLVERSION_NOW)->ssl_version;
    return version ? version : "no TLS";
}
