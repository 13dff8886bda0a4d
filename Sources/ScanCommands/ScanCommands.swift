// SPDX-License-Identifier: Apache-2.0

// `sbom`, `scan` and `db`: what an object is made of and what is known to be wrong with it, as documents and tables.
// In: an opened tree, and a database of advisories on this machine. Out: bills of materials, findings, exit codes.
// Not here: which packages a tree has (`Inventory`), and which advisories apply to them (`Advisories`).
