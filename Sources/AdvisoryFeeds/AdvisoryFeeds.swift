// SPDX-License-Identifier: Apache-2.0

// Advisories as those who collect them publish them: records of OSV, Alpine's secdb, the list of Debian's tracker.
//
// In come the bytes of documents; out goes a collection, which is written as a database of the schema that `Advisories`
// reads: so matching is the same whoever collected.
//
// What must not be in here: files, archives, which advisories apply (`Advisories`).
