/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes and signatures by the system's libcrypto (OpenSSL 3), which is loaded when it is asked for the first time.
   Everything is bytes that come in and bytes that go out; of a foreign key only its numbers come here, not its file. */
#ifndef CCRYPTO_H
#define CCRYPTO_H

#include <stddef.h>
#include <stdint.h>

enum ccrypto_hash { ccrypto_md5, ccrypto_sha1, ccrypto_sha256, ccrypto_sha384, ccrypto_sha512 };

enum ccrypto_kind { ccrypto_p256, ccrypto_p384, ccrypto_p521, ccrypto_ed25519, ccrypto_rsa };

/* The most bytes of a digest, of a signature, and of a key in DER. */
enum { ccrypto_digest_limit = 64, ccrypto_signature_limit = 2048, ccrypto_key_limit = 16384 };

/* Loads the library. Returns what is wrong, NULL for nothing; nothing below may be called before that. May be called by
   several threads at a time. */
const char *ccrypto_load(void);

/* The digest of bytes, written to `digest`; its size, or 0 where the library refuses. */
size_t ccrypto_hash_bytes(enum ccrypto_hash hash, const uint8_t *bytes, size_t size, uint8_t *digest);

/* A digest of bytes that come in pieces; NULL where there is no memory for it. */
struct ccrypto_running;
struct ccrypto_running *ccrypto_hash_begin(enum ccrypto_hash hash);
int ccrypto_hash_add(struct ccrypto_running *running, const uint8_t *bytes, size_t size);
size_t ccrypto_hash_end(struct ccrypto_running *running, uint8_t *digest);
void ccrypto_hash_free(struct ccrypto_running *running);

/* A public key comes by its numbers, the most significant byte of each first: the point of a curve (4, X, Y), the 32 bytes
   of Ed25519, or the modulus of RSA and behind it its exponent of `exponent_size` bytes. */

/* Whether the numbers are a key: the point is on its curve. */
int ccrypto_is_key(enum ccrypto_kind kind, const uint8_t *numbers, size_t size, size_t exponent_size);

/* Whether a signature is the key's: of a message's digest by `hash` (ECDSA in DER, RSA with PKCS #1 v1.5), or of the
   message itself (Ed25519, where `hash` means nothing). */
int ccrypto_verify(enum ccrypto_kind kind, const uint8_t *numbers, size_t size, size_t exponent_size,
                   enum ccrypto_hash hash, const uint8_t *message, size_t message_size, const uint8_t *signature,
                   size_t signature_size);

/* Makes a private key of P-256 (PKCS #8), written to `der`; its size, or 0. */
size_t ccrypto_make_key(uint8_t *der);

/* Reads a private key of one's own in DER: PKCS #8, SEC 1 or PKCS #1. Writes it as PKCS #8, and its public half
   (SubjectPublicKeyInfo). Returns 0 for what is no such key, for another curve, and for RSA of less than 2048 bits. */
int ccrypto_read_key(const uint8_t *der, size_t size, uint8_t *private_der, size_t *private_size, uint8_t *public_der,
                     size_t *public_size);

/* Signs with a key that ccrypto_read_key() wrote, as ccrypto_verify() has it; the size of the signature, or 0. */
size_t ccrypto_sign(const uint8_t *der, size_t der_size, enum ccrypto_hash hash, const uint8_t *message, size_t size,
                    uint8_t *signature);

#endif
