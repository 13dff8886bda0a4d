// SPDX-License-Identifier: Apache-2.0

// Sigstore: what signatures in cosign's forms are, and whether they are good.
//
// Comes in: the bytes of keys, payloads, bundles, log entries, certificates, timestamps, trusted roots.
// Goes out: a `SigstoreFinding`, what was signed and by whom, or why it does not count (`TrustError`); keys under a
// passphrase, and signatures made with them.
// Must not be in it: files, networks, clocks, policies, names of images and whether they match (`Trust`).
