/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "CCrypto.h"
#include "Hashes.h"
#include "Library.h"

#define lib ccrypto_library

static const char *const groups[] = {"prime256v1", "secp384r1", "secp521r1"};

/* Numbers go to the library in the order of this machine's bytes. */
static void reverse(uint8_t *to, const uint8_t *from, size_t size) {
    for (size_t at = 0; at < size; at++) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        to[at] = from[size - 1 - at];
#else
        to[at] = from[at];
#endif
    }
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM *parameters) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = lib.EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (context && lib.EVP_PKEY_fromdata_init(context) == 1 &&
        lib.EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        key = NULL;
    lib.EVP_PKEY_CTX_free(context);
    return key;
}

static OSSL_PARAM parameter(const char *name, unsigned type, void *data, size_t size) {
    return (OSSL_PARAM){.key = name, .data_type = type, .data = data, .data_size = size, .return_size = (size_t)-1};
}

static EVP_PKEY *public_key(enum ccrypto_kind kind, const uint8_t *numbers, size_t size, size_t exponent_size) {
    uint8_t first[2200], second[16];
    if (exponent_size > sizeof(second) || size > sizeof(first) || exponent_size >= size) return NULL;
    size_t first_size = size - exponent_size;
    if (kind == ccrypto_ed25519) return lib.EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, numbers, size);
    if (kind == ccrypto_rsa) {
        reverse(first, numbers, first_size);
        reverse(second, numbers + first_size, exponent_size);
        OSSL_PARAM parameters[] = {
            parameter(OSSL_PKEY_PARAM_RSA_N, OSSL_PARAM_UNSIGNED_INTEGER, first, first_size),
            parameter(OSSL_PKEY_PARAM_RSA_E, OSSL_PARAM_UNSIGNED_INTEGER, second, exponent_size),
            {.key = NULL},
        };
        return from_parameters("RSA", parameters);
    }
    if ((unsigned)kind > ccrypto_p521) return NULL;
    char group[16];
    strcpy(group, groups[kind]);
    memcpy(first, numbers, size);
    OSSL_PARAM parameters[] = {
        parameter(OSSL_PKEY_PARAM_GROUP_NAME, OSSL_PARAM_UTF8_STRING, group, strlen(group)),
        parameter(OSSL_PKEY_PARAM_PUB_KEY, OSSL_PARAM_OCTET_STRING, first, size),
        {.key = NULL},
    };
    return from_parameters("EC", parameters);
}

int ccrypto_is_key(enum ccrypto_kind kind, const uint8_t *numbers, size_t size, size_t exponent_size) {
    EVP_PKEY *found = public_key(kind, numbers, size, exponent_size);
    lib.EVP_PKEY_free(found);
    lib.ERR_clear_error();
    return found != NULL;
}

/* For RSA, what kind of signature it is; a curve takes a digest as it is. */
static int prepare(EVP_PKEY_CTX *context, EVP_PKEY *key, enum ccrypto_hash hash) {
    if (!lib.EVP_PKEY_is_a(key, "RSA")) return 1;
    return lib.EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           lib.EVP_PKEY_CTX_set_signature_md(context, ccrypto_md(hash)) == 1;
}

int ccrypto_verify(enum ccrypto_kind kind, const uint8_t *numbers, size_t size, size_t exponent_size,
                   enum ccrypto_hash hash, const uint8_t *message, size_t message_size, const uint8_t *signature,
                   size_t signature_size) {
    EVP_PKEY *key = public_key(kind, numbers, size, exponent_size);
    int is_valid = 0;
    if (key && kind == ccrypto_ed25519) {
        EVP_MD_CTX *context = lib.EVP_MD_CTX_new();
        is_valid = context && lib.EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
                   lib.EVP_DigestVerify(context, signature, signature_size, message, message_size) == 1;
        lib.EVP_MD_CTX_free(context);
    } else if (key) {
        EVP_PKEY_CTX *context = lib.EVP_PKEY_CTX_new(key, NULL);
        is_valid = context && lib.EVP_PKEY_verify_init(context) == 1 && prepare(context, key, hash) &&
                   lib.EVP_PKEY_verify(context, signature, signature_size, message, message_size) == 1;
        lib.EVP_PKEY_CTX_free(context);
    }
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return is_valid;
}

/* Whether it is a key of the kinds of ccrypto_kind. */
static int is_known(EVP_PKEY *key) {
    if (lib.EVP_PKEY_is_a(key, "ED25519")) return 1;
    if (lib.EVP_PKEY_is_a(key, "RSA")) return lib.EVP_PKEY_get_bits(key) >= 2048;
    char group[80];
    size_t size = 0;
    if (!lib.EVP_PKEY_is_a(key, "EC") || lib.EVP_PKEY_get_group_name(key, group, sizeof(group), &size) != 1) return 0;
    for (size_t at = 0; at < sizeof(groups) / sizeof(*groups); at++)
        if (strcmp(group, groups[at]) == 0) return 1;
    return 0;
}

static size_t write_private(EVP_PKEY *key, uint8_t *der) {
    PKCS8_PRIV_KEY_INFO *info = lib.EVP_PKEY2PKCS8(key);
    int size = info ? lib.i2d_PKCS8_PRIV_KEY_INFO(info, NULL) : 0;
    if (size <= 0 || size > ccrypto_key_limit || lib.i2d_PKCS8_PRIV_KEY_INFO(info, &der) != size) size = 0;
    lib.PKCS8_PRIV_KEY_INFO_free(info);
    return (size_t)size;
}

static size_t write_public(EVP_PKEY *key, uint8_t *der) {
    int size = lib.i2d_PUBKEY(key, NULL);
    return size > 0 && size <= ccrypto_key_limit && lib.i2d_PUBKEY(key, &der) == size ? (size_t)size : 0;
}

size_t ccrypto_make_key(uint8_t *der) {
    EVP_PKEY *key = lib.EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    size_t size = key ? write_private(key, der) : 0;
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return size;
}

/* A private key that fills its bytes. */
static EVP_PKEY *private_key(const uint8_t *der, size_t size) {
    if (size > ccrypto_key_limit) return NULL;
    const uint8_t *at = der;
    EVP_PKEY *key = lib.d2i_AutoPrivateKey(NULL, &at, (long)size);
    if (key && at == der + size && is_known(key)) return key;
    lib.EVP_PKEY_free(key);
    return NULL;
}

int ccrypto_read_key(const uint8_t *der, size_t size, uint8_t *private_der, size_t *private_size, uint8_t *public_der,
                     size_t *public_size) {
    EVP_PKEY *key = private_key(der, size);
    *private_size = key ? write_private(key, private_der) : 0;
    *public_size = key ? write_public(key, public_der) : 0;
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return *private_size > 0 && *public_size > 0;
}

size_t ccrypto_sign(const uint8_t *der, size_t der_size, enum ccrypto_hash hash, const uint8_t *message, size_t size,
                    uint8_t *signature) {
    EVP_PKEY *key = private_key(der, der_size);
    size_t count = ccrypto_signature_limit;
    int is_done = 0;
    if (key && lib.EVP_PKEY_is_a(key, "ED25519")) {
        EVP_MD_CTX *context = lib.EVP_MD_CTX_new();
        is_done = context && lib.EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                  lib.EVP_DigestSign(context, signature, &count, message, size) == 1;
        lib.EVP_MD_CTX_free(context);
    } else if (key) {
        EVP_PKEY_CTX *context = lib.EVP_PKEY_CTX_new(key, NULL);
        is_done = context && lib.EVP_PKEY_sign_init(context) == 1 && prepare(context, key, hash) &&
                  lib.EVP_PKEY_sign(context, signature, &count, message, size) == 1;
        lib.EVP_PKEY_CTX_free(context);
    }
    lib.EVP_PKEY_free(key);
    lib.ERR_clear_error();
    return is_done ? count : 0;
}
