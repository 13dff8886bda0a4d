// SPDX-License-Identifier: Apache-2.0

// An explorer of images without a terminal: what is shown, what a key does, which cells a screen has.
// In: layers' entries, costs, bytes of files that were asked for, keys. Out: a grid of cells, and effects: what is to be read,
// written or left. `FileHistory` has the names of all layers and what became of each; `HistoryView` what one layer makes of
// them; `Explorer` the state with its keys; `Explorer+…` the drawing, of visible rows alone; `KeyDecoder` and `ScreenWriter`
// the bytes of a terminal as values.
// Not here: system calls, clocks, stores, where files lie; nothing waits.
// Names are put into cells by `Screen.put` alone, which lets nothing through that moves a cursor.
