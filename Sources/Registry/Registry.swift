// SPDX-License-Identifier: Apache-2.0

// The conversation with registries, the only one with a network: addresses, tokens, credentials, transfers.
// In: a reference. Out: documents verified by digest, blobs as streams; uploads. `RegistryClient` is the front, tokens are
// asked for in `RegistryConnection+Proof`.
// Not here: names as users type them, the store but through `LayerStore`.
