// SPDX-License-Identifier: Apache-2.0

// Signatures: what `Trust` judges, fetched and written: policies and keys in files, signatures in stores, gpg.
//
// Comes in: an image's name, its manifest's digest, and what the user said about policies (`TrustSettings`).
// Goes out: a verdict, with everything that was looked at; signatures made and stored; policies changed.
// Must not be in it: the rules by which signatures count (`Trust`), layers, stores of images, and arguments.
// OpenPGP is gpg's: a child with an empty home of its own, so that keys, trust and options of users have no say.
