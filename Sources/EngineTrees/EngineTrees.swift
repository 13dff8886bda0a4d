// SPDX-License-Identifier: Apache-2.0

// The directories of a container or of an engine's image, as something to serve or to compare.
// In: the layers as `Engines` describes them. Out: the content of a mount (`MountSource.Content`), or a `TreeSource`.
// Here is decided which layers belong to what (the engine's own init layer, the container's upper), which marks count in
// them, and whose numbers of users they have.
// Not here: finding containers (`Objects`), reading engines' records (`Engines`), stacking itself (`Overlay`).
