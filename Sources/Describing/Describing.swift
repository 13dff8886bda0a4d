// SPDX-License-Identifier: Apache-2.0

// What files that are no text say, as lines that can be compared.
//
// In come a file's path and its bytes, whole or a range at a time; out go lines, and the name of what was made of them:
// facts of a program, subjects of certificates, members of an archive, JSON by its keys, packages of a database. The lines
// of equal files are equal; of two files that differ in what the lines do not tell, they may be equal too, and whoever
// compares must say so.
//
// What must not be in here: trees, decompression, how lines are compared or printed.
