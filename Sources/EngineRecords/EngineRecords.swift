// SPDX-License-Identifier: Apache-2.0

// What engines write down of images and containers, as values: documents, values of databases, options of overlays.
// In: bytes. Out: values; nil or an error where they are none.
// Not here: where the records lie.
