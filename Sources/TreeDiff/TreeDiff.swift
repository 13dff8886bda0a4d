// SPDX-License-Identifier: Apache-2.0

// What changed between two trees.
// In: two `TreeSource`s and what counts as a change. Out: changes, in tree order.
// Not here: what the trees are, how changes are printed.
