/* SPDX-License-Identifier: Apache-2.0 */
#include "CCrypto.h"
#include "Hashes.h"
#include "Library.h"

#define lib ccrypto_library

const EVP_MD *ccrypto_md(enum ccrypto_hash hash) {
    static const char *const names[] = {"MD5", "SHA1", "SHA256", "SHA384", "SHA512"};
    return (unsigned)hash < sizeof(names) / sizeof(*names) ? lib.EVP_get_digestbyname(names[hash]) : NULL;
}

size_t ccrypto_hash_bytes(enum ccrypto_hash hash, const uint8_t *bytes, size_t size, uint8_t *digest) {
    struct ccrypto_running *running = ccrypto_hash_begin(hash);
    size_t count = running && ccrypto_hash_add(running, bytes, size) ? ccrypto_hash_end(running, digest) : 0;
    ccrypto_hash_free(running);
    return count;
}

struct ccrypto_running *ccrypto_hash_begin(enum ccrypto_hash hash) {
    EVP_MD_CTX *context = lib.EVP_MD_CTX_new();
    if (context && lib.EVP_DigestInit_ex(context, ccrypto_md(hash), NULL) == 1)
        return (struct ccrypto_running *)context;
    lib.EVP_MD_CTX_free(context);
    lib.ERR_clear_error();
    return NULL;
}

int ccrypto_hash_add(struct ccrypto_running *running, const uint8_t *bytes, size_t size) {
    return lib.EVP_DigestUpdate((EVP_MD_CTX *)running, bytes, size) == 1;
}

size_t ccrypto_hash_end(struct ccrypto_running *running, uint8_t *digest) {
    unsigned size = 0;
    return lib.EVP_DigestFinal_ex((EVP_MD_CTX *)running, digest, &size) == 1 ? size : 0;
}

void ccrypto_hash_free(struct ccrypto_running *running) { lib.EVP_MD_CTX_free((EVP_MD_CTX *)running); }
