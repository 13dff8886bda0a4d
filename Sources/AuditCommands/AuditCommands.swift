// SPDX-License-Identifier: Apache-2.0

// `audit`: whether objects are what rules ask.
// In: opened trees, what other commands' modules tell of them, and rules. Out: which rules are broken, where, as text and JSON.
// Not here: what a file of rules may say (`Auditing`).
