// SPDX-License-Identifier: Apache-2.0

// A name that a user typed becomes an opened object, once.
// In: a text, the store that is meant, a platform. Out: an image with its tree, a source with its manifest and layers, a
// container or an image of an engine, an image of a registry; or an error that says what was looked at and what may have
// been meant. Here also: what names may be given, and copying an image from one place to another.
// `ObjectFinder` is the front; `NamedObject` and `EngineObject` are what it finds, `ImagePull` and `ImageCopy` move images.
// Not here: what is done with an object (mounting, comparing, printing), and options of commands.
