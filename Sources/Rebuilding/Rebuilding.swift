// SPDX-License-Identifier: Apache-2.0

// Why two builds of the same thing differ.
//
// In: paths and bytes of files that differ, keys of configurations that differ. Out: a cause that is known, with evidence
// and what to do, or nothing; a verdict of all of it in one word.
// Not here: trees, how images were opened, output. Bytes are judged as they are: nothing is unpacked.
