// SPDX-License-Identifier: Apache-2.0

// Images that lie on this machine: layouts, archives, directories, a registry's own storage.
// In: a location as users write it. Out: a `SourceImage`, its blobs as streams; or an image written there.
// Not here: the network, the store, engines. A new kind of place is a case of `ImageLocation.Transport`.
