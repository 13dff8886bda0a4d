/* SPDX-License-Identifier: Apache-2.0 */
#include "CSodium.h"

#include <dlfcn.h>
#include <sodium.h>

static struct {
    __typeof__(&sodium_init) initialize;
    __typeof__(&crypto_pwhash_scryptsalsa208sha256_ll) scrypt;
    __typeof__(&crypto_secretbox_easy) box;
    __typeof__(&crypto_secretbox_open_easy) open_box;
    __typeof__(&crypto_sign_init) sign_init;
    __typeof__(&crypto_sign_update) sign_update;
    __typeof__(&crypto_sign_final_verify) sign_verify;
} lib;

const char *csodium_load(void) {
    static int is_loaded;
    if (is_loaded) return NULL;
    void *handle = dlopen("libsodium.so.23", RTLD_NOW | RTLD_LOCAL);
    /* Libraries since 1.0.20 have another number, and the same functions. */
    if (!handle) handle = dlopen("libsodium.so.26", RTLD_NOW | RTLD_LOCAL);
    if (!handle) return dlerror();
#define LOAD(member, name)                                                                                        \
    if (!(*(void **)&lib.member = dlsym(handle, name))) return dlerror();
    LOAD(initialize, "sodium_init")
    LOAD(scrypt, "crypto_pwhash_scryptsalsa208sha256_ll")
    LOAD(box, "crypto_secretbox_easy")
    LOAD(open_box, "crypto_secretbox_open_easy")
    LOAD(sign_init, "crypto_sign_init")
    LOAD(sign_update, "crypto_sign_update")
    LOAD(sign_verify, "crypto_sign_final_verify")
#undef LOAD
    if (lib.initialize() < 0) return "libsodium cannot be initialized";
    is_loaded = 1;
    return NULL;
}

int csodium_scrypt(const uint8_t *passphrase, size_t passphrase_size, const uint8_t *salt, size_t salt_size, uint64_t n,
                   uint32_t r, uint32_t p, uint8_t *key, size_t key_size) {
    return lib.scrypt(passphrase, passphrase_size, salt, salt_size, n, r, p, key, key_size);
}

int csodium_box(uint8_t *box, const uint8_t *message, size_t size, const uint8_t *nonce, const uint8_t *key) {
    return lib.box(box, message, size, nonce, key);
}

int csodium_open_box(uint8_t *message, const uint8_t *box, size_t size, const uint8_t *nonce, const uint8_t *key) {
    if (size < crypto_secretbox_MACBYTES) return csodium_refused;
    return lib.open_box(message, box, size, nonce, key);
}

int csodium_verify_ed25519ph(const uint8_t *signature, const uint8_t *message, size_t size, const uint8_t *key) {
    crypto_sign_state state;
    lib.sign_init(&state);
    lib.sign_update(&state, message, size);
    return lib.sign_verify(&state, (unsigned char *)signature, key);
}
