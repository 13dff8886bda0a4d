// SPDX-License-Identifier: Apache-2.0

// Looking into one opened tree as a user would, without a mount.
//
// What comes in: a `TreeSource` that somebody else has opened, what the user calls it, and paths, patterns and questions
// as bytes.
// What goes out: files found by path or pattern, their metadata and bytes, walks over what is below a directory, names of
// users and groups as the tree itself has them, and copies of parts of it: a tar, or files on this machine.
// What must not be in it: how an object is found and opened, what a command prints, anything of a judgement (packages,
// comparison). Links lead to where they would lead a process whose root directory the tree is, never out of it; every
// loop has a named limit that its error tells; nothing recurses on the depth of a tree.
