// SPDX-License-Identifier: Apache-2.0

// What is installed, read from the bytes of the records that package managers and languages leave behind.
//
// In come bytes: whole small files as arrays, large ones as `RecordFile`, which is asked for a range at a time. Out go
// `Package` values, the files they own with the digests their makers promised, and the order of two versions exactly as
// the tool that wrote them has it. Every reader is bounded by a named limit of `PackageLimit` and has a fuzz target; a
// record that is damaged is a `RecordError`, which says what and where, and never hides another one.
//
// What must not be in here: files, system calls, trees and paths to look at, printing, advisories. Where the records of a
// tree lie, and which layer brought them, is known to `Inventory`.
