// SPDX-License-Identifier: Apache-2.0

// Directories and trees stacked as kernel overlayfs stacks them, read and written.
// In: layers, the highest first, and where changes go. Out: a `FileSystem` to serve, and a `TreeSource` to compare. A copy-up
// becomes visible by one rename: `OverlayFileSystem+Placing`.
// Not here: what the layers are layers of.
