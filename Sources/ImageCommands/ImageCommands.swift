// SPDX-License-Identifier: Apache-2.0

// `import`, `pull`, `push`, `copy`, `tag`, `rm`, `images`, `tags`, `login`, `prune`, `fsck`: images come, go, and have names.
// In: names of places and images. Out: calls of `Objects` and `LayerStore`, and tables of what is there.
// Not here: how an image gets from a place to another one.
