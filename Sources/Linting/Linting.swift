// SPDX-License-Identifier: Apache-2.0

// Rules for images: where engines disagree on a layer, and what its author might have done better.
//
// In: the entries of layers (`LayerEntries`), a configuration, a manifest, the bytes of a few files of the tree, settings.
// Out: findings: the rule, the layer, the entry, the path and a detail; for each rule what every engine shows, what to do,
// and how other tools call it.
// Not here: files and system calls, how an image was found, how findings are printed.
