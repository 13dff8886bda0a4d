// SPDX-License-Identifier: Apache-2.0

// `mount`, `umount`, `mounts` and `overlay`: arguments and options of mounts, and what is told of them.
// In: words as mount(8) and its users write them. Out: calls of `Mounting`, and lines about mounts.
// Not here: what a mount is.
