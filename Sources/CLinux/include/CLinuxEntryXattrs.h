/* SPDX-License-Identifier: Apache-2.0 */
/* Extended attributes of a path whose last component is not followed: llistxattr(2), lgetxattr(2). */
#ifndef CLINUX_ENTRY_XATTRS_H
#define CLINUX_ENTRY_XATTRS_H

#include <stddef.h>

long clinux_llistxattr(const char *_Nonnull path, void *_Nullable list, size_t size);
long clinux_lgetxattr(const char *_Nonnull path, const char *_Nonnull name, void *_Nullable value, size_t size);

#endif
