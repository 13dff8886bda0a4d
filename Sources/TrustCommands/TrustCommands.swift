// SPDX-License-Identifier: Apache-2.0

// `trust`: which signatures count, changed, listed and tried.
// In: scopes, keys and places of signatures as options. Out: policy files that are whole, and verdicts with their reasons.
// Not here: what makes a signature good (`Trust`), and where signatures are (`Signatures`).
