// SPDX-License-Identifier: Apache-2.0

// `commit` and `export`: what was changed in a mount, an upper or a container becomes an image, or a file.
// In: what the user named, opened as two trees. Out: an image of the store, a tar.
// Not here: which entries a layer has and what documents say (`Authoring`).
