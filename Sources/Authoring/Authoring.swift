// SPDX-License-Identifier: Apache-2.0

// An image made of another one: the layer of what changed, the configuration and the manifest with it.
//
// In: two trees, what is below and what is seen; the bytes of a configuration and a manifest; instructions as in a
// Dockerfile. Out: the entries of the layer in an order that does not depend on who made it, its tar, new documents in
// which everything else stays as it was.
// Not here: files and system calls, clocks, stores, how the trees were found.
