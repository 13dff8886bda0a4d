// SPDX-License-Identifier: Apache-2.0

// Trust: whether an image may be used, who says so, and why.
//
// Comes in: the bytes of policy.json, registries.d, signatures' payloads and what gpg says of a signature; the name and
// the digest of an image; two closures that fetch what a rule asks for (signatures, and who made one).
// Goes out: a `Verdict`: the rule that decided, every place that was looked at, every signature with the reason why it
// did not count. Also the bytes of a payload that is to be signed, and of a policy that was changed.
// Must not be in it: files, processes, networks, clocks, and anything that knows how an image was found. A look-up that
// failed is the error of the closure; it never becomes "no signature".
