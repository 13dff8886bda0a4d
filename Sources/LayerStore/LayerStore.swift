// SPDX-License-Identifier: Apache-2.0

// The store: blobs as they came, layers uncompressed, trees, names, and what of it may be removed.
// In: sources of images, as streams. Out: verified blobs, open layers and trees. `LayerPipeline` takes a layer in in one pass.
// Not here: how an image was found, who asked.
