// SPDX-License-Identifier: Apache-2.0

// What a document in YAML says.
// In: the bytes of a configuration file. Out: strings, lists and mappings, as libyaml's events tell them.
// Not here: what any key means; files; numbers and truth values, which are for who knows what a key is.
