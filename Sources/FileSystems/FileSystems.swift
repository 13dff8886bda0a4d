// SPDX-License-Identifier: Apache-2.0

// What a mount shows, as calls that can be made without a mount: a read-only tree, a directory passed through.
// In: a mapped tree, or a directory. Out: answers to the questions of `FileSystem`.
// Not here: the kernel's protocol (`FuseServer`), uppers (`Overlay`).
