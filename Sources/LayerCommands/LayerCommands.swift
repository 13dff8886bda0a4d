// SPDX-License-Identifier: Apache-2.0

// `layers`, `waste`, `check`, `du`: what an image costs, layer by layer and directory by directory; `lint`: rules.
// In: an opened image or tree. Out: tables, JSON, Markdown, and for `check` an exit code.
// Not here: how anything is counted (`Layering`, `Browsing`) and judged (`Linting`).
