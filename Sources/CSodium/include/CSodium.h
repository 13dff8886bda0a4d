/* SPDX-License-Identifier: Apache-2.0 */
/* Boxes and keys made of passphrases by the system's libsodium, which is loaded when it is asked for the first time. */
#ifndef CSODIUM_H
#define CSODIUM_H

#include <stddef.h>
#include <stdint.h>

/* What the functions below may answer beside 0. */
enum {
    csodium_refused = -1,
};

/* Loads the library. Returns what is wrong, NULL for nothing. */
const char *csodium_load(void);

/* scrypt (RFC 7914): fills a key from a passphrase. */
int csodium_scrypt(const uint8_t *passphrase, size_t passphrase_size, const uint8_t *salt, size_t salt_size, uint64_t n,
                   uint32_t r, uint32_t p, uint8_t *key, size_t key_size);

/* XSalsa20 and Poly1305: a box of `size` + 16 bytes, the tag first; the nonce has 24 bytes, the key 32. */
int csodium_box(uint8_t *box, const uint8_t *message, size_t size, const uint8_t *nonce, const uint8_t *key);

/* Opens a box of `size` bytes into `size` - 16; refuses one that was made with another key or was changed. */
int csodium_open_box(uint8_t *message, const uint8_t *box, size_t size, const uint8_t *nonce, const uint8_t *key);

/* Ed25519ph (RFC 8032, without a context): checks 64 bytes of a signature by a key of 32. */
int csodium_verify_ed25519ph(const uint8_t *signature, const uint8_t *message, size_t size, const uint8_t *key);

#endif
