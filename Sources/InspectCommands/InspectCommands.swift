// SPDX-License-Identifier: Apache-2.0

// `inspect` and `ps`: what an image or a container is.
// In: an object that was found. Out: its facts as text, JSON, or by a template with the names that other tools use.
// Not here: finding it, and its files.
