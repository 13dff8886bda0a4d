// SPDX-License-Identifier: Apache-2.0

// The overlay as a file system that is read and written: inodes, handles, copying up, and every change of names.
// In: `OverlayLayers`. Out: a `FileSystem` for the server. A copy-up becomes visible by one
// rename or link: `OverlayFileSystem+Placing`.
// Not here: what marks mean, and what the layers are layers of.
