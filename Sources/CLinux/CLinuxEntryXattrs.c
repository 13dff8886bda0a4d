/* SPDX-License-Identifier: Apache-2.0 */
#include "CLinuxEntryXattrs.h"
#include <sys/xattr.h>

long clinux_llistxattr(const char *path, void *list, size_t size) { return llistxattr(path, list, size); }

long clinux_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}
