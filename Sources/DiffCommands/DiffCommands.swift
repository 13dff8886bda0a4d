// SPDX-License-Identifier: Apache-2.0

// `diff`: what differs between two trees, as lines, JSON, counts, texts and configurations.
// In: a pair of trees, and the changes that `TreeDiff` tells. Out: reports, each by a type of its own.
// Not here: comparing, and opening what is compared (`CommandTrees`).
