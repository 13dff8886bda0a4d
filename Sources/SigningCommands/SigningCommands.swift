// SPDX-License-Identifier: Apache-2.0

// Commands that make keys, sign images of registries with them, and check signatures: cosign's words, files and lines.
// In: arguments. Out: keys in files, signatures beside images, what was signed as JSON, cosign's exit codes.
// Not here: the rules by which a signature is good (Trust), where signatures are kept (Signatures), policies.
