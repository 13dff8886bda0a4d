// SPDX-License-Identifier: Apache-2.0

// What the author of an image expects of it, written down in a file, and whether it is so.
//
// In: files as container-structure-test has them, in YAML or JSON; a tree, and what the configuration says. Out: a result
// for each test, with what is wrong. Patterns are RE2's, matched in time that grows with the text alone.
// Not here: how an object was found, commands (nothing of an image is ever run), output, clocks.
