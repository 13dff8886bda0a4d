// SPDX-License-Identifier: Apache-2.0

// Options that several commands have, and what they mean: the store, registries, policies, templates of output.
// In: the parser's values. Out: a store that is open, a client, a judge, lines by a template.
// Here also: the version, and the words with which a command ends in trouble.
// Not here: a command, and options of one command alone.
