// SPDX-License-Identifier: Apache-2.0

// The trees that the words of a command mean, open to be looked into and compared.
// In: `OBJECT`, `OBJECT:/PATH`, a directory, `upper:DIR`. Out: one tree with the name and the digest of what it is of
// (`OpenedTree`, `DiffSide`), or two that were opened with an eye on each other (`DiffPair`).
// Not here: which object a name means (`Objects`), what is looked for or printed.
