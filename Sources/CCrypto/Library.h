/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of libcrypto, there after ccrypto_load(). */
#ifndef CCRYPTO_LIBRARY_H
#define CCRYPTO_LIBRARY_H

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

/* The functions of the library, as its headers declare them. */
#define FUNCTIONS(each)                                                                                           \
    each(ERR_clear_error) each(EVP_get_digestbyname) each(EVP_MD_CTX_new) each(EVP_MD_CTX_free)                   \
    each(EVP_DigestInit_ex) each(EVP_DigestUpdate) each(EVP_DigestFinal_ex) each(EVP_PKEY_CTX_new)                \
    each(EVP_PKEY_CTX_new_from_name) each(EVP_PKEY_CTX_free) each(EVP_PKEY_fromdata_init)                         \
    each(EVP_PKEY_fromdata) each(EVP_PKEY_new_raw_public_key) each(EVP_PKEY_free) each(EVP_PKEY_verify_init)      \
    each(EVP_PKEY_verify) each(EVP_PKEY_sign_init) each(EVP_PKEY_sign) each(EVP_PKEY_CTX_set_rsa_padding)         \
    each(EVP_PKEY_CTX_set_signature_md) each(EVP_DigestVerifyInit) each(EVP_DigestVerify)                         \
    each(EVP_DigestSignInit) each(EVP_DigestSign) each(EVP_PKEY_Q_keygen) each(EVP_PKEY_is_a)                     \
    each(EVP_PKEY_get_bits) each(EVP_PKEY_get_group_name) each(EVP_PKEY2PKCS8) each(i2d_PKCS8_PRIV_KEY_INFO)      \
    each(PKCS8_PRIV_KEY_INFO_free) each(i2d_PUBKEY) each(d2i_AutoPrivateKey)

struct ccrypto_library {
#define DECLARE(name) __typeof__(name) *name;
    FUNCTIONS(DECLARE)
#undef DECLARE
};

extern struct ccrypto_library ccrypto_library;

#endif
