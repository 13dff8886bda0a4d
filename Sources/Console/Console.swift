// SPDX-License-Identifier: Apache-2.0

// What a command line says: text, tables, JSON and progress, and the process's arguments as bytes.
// In: facts and progress, as values. Out: bytes on standard output and standard error.
// Here: `JSONText`, `TextTable`, the two meters, `StandardOutput`, `StandardError`, `RawArguments`, `CommandError`.
// Not here: what a command does, the parser of arguments, anything that opens a file.
