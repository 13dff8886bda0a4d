/* SPDX-License-Identifier: Apache-2.0 */
#include "Library.h"

#include <dlfcn.h>
#include <pthread.h>

#include "CCrypto.h"

struct ccrypto_library ccrypto_library;
static const char *problem;

static void load(void) {
    void *handle = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        problem = dlerror();
        return;
    }
#define LOAD(name)                                                                                                \
    if (!(*(void **)&ccrypto_library.name = dlsym(handle, #name))) {                                              \
        problem = dlerror();                                                                                       \
        return;                                                                                                    \
    }
    FUNCTIONS(LOAD)
#undef LOAD
}

const char *ccrypto_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return problem;
}
