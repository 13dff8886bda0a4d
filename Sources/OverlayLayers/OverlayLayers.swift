// SPDX-License-Identifier: Apache-2.0

// What stacked layers on disk mean, and what an upper one keeps beside its files.
// In: open directories and frozen trees, the highest first. Out: which file a name leads to, what a directory lists, where
// a file's bytes are (`OverlayCore`), the same as a tree for comparisons (`OverlayTree`), and the records of an upper:
// whiteouts, links between copies, what is unfinished (`UpperLayer`).
// Whiteouts, opaque and redirected directories are read in `OverlayCore+Finding` and `OverlayMarks`.
// Not here: inodes, open files and requests; what changes a layer does so for `Overlay`.
