// SPDX-License-Identifier: Apache-2.0

// `explore`: a terminal that shows what `Exploring` thinks of. In: the objects that words name, keys, signals. Out: screens;
// files that were extracted. `Terminal` has the terminal's modes and gives them back, whatever ends the program;
// `ExploredSource` reads what an explorer asks for; `ExploreLoop` carries events and effects between the two.
// Not here: what is shown and what a key does (`Exploring`), what layers cost (`Layering`).
