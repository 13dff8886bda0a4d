// SPDX-License-Identifier: Apache-2.0

// What layers are made of: what each costs, what of it is seen in the tree, what is dead and by whose doing.
//
// In: the entries of layers (`LayerEntries`), how large each layer is, the bytes of files of rules. Out: `LayerCosts`, exact
// to the byte; the three figures of dive, by dive's own counting or without its mistakes; what rules say of them.
// Not here: files and system calls, how an image was found, how anything is printed.
