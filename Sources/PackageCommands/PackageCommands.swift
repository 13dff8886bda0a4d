// SPDX-License-Identifier: Apache-2.0

// `packages`: what is installed in an object, and which packages differ between two.
// In: an opened tree. Out: tables and JSON of packages, their files and the layers that brought them.
// Not here: where records lie (`Inventory`), and how they are read (`Packages`).
