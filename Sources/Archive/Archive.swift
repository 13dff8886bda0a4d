// SPDX-License-Identifier: Apache-2.0

// Tars and compression: bytes of a layer become entries and data.
// In: a stream. Out: entries in the order of the tar, positions of data, or an error with the position.
// Not here: stores, directories, what a whiteout does.
