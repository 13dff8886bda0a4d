/* SPDX-License-Identifier: Apache-2.0 */
/* What hashes and keys share. */
#ifndef CCRYPTO_HASHES_H
#define CCRYPTO_HASHES_H

#include "CCrypto.h"
#include "Library.h"

/* A hash as the library knows it; NULL where it has none. */
const EVP_MD *ccrypto_md(enum ccrypto_hash hash);

#endif
