// SPDX-License-Identifier: Apache-2.0

// `ls`, `cat`, `cp` and `find`: files of an object, without a mount.
// In: an opened tree and a path or questions. Out: lines, JSON, bytes, copies on disk or in a tar.
// Not here: walking and asking (`Browsing`), and what the words mean (`CommandTrees`).
