// SPDX-License-Identifier: Apache-2.0

// Tree images in the format of Linux's EROFS, and the notes beside them, all in memory.
// In: a `Tree`, or the bytes of an image. Out: the image's bytes, or a checked view of them.
// Not here: where bytes come from; hostile bytes end as errors, never as traps.
