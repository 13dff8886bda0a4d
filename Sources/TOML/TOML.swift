// SPDX-License-Identifier: Apache-2.0

// Configuration in TOML, as values: strictly where a file says what is trusted (`TOMLReader`), and leniently where
// another program is the judge of it (`ConfigurationText`).
// Not here: files, and what their keys mean.
