// SPDX-License-Identifier: Apache-2.0

// The documents of images as values: digests, descriptors, manifests, indexes, configurations, platforms, references.
// In: bytes. Out: values, or an error that names the document and the field. JSON is read strictly: a member that some
// reader would take for another is refused.
// Not here: files, system calls, the network.
