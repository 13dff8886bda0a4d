// SPDX-License-Identifier: Apache-2.0

// Names, attributes and layers' entries, and how layers become one tree.
// In: the entries of layers, the lowest first. Out: a `Tree`, with every whiteout applied, in `Flattener`. `TreeSource` is what
// every tree looks like to who compares or walks it.
// Not here: files, tars, where bytes lie.
