// SPDX-License-Identifier: Apache-2.0

// What was found in layers and trees before, kept in a folder of the store.
//
// In come inventories and the packages of records, by the digests of files, layers and trees; out they come again where the
// folder has them whole. Each file ends with a digest of what stands before it and of its name, is written aside and
// renamed, and is as good as missing where anything about it is wrong: then it is made again. The folder has a limit, behind which
// what was not used for the longest time goes.
//
// What must not be in here: how packages are read (`Inventory`, `Packages`), where a store is.
