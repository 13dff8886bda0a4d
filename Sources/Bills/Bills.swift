// SPDX-License-Identifier: Apache-2.0

// What a bill of materials says that an object has.
//
// In come the bytes of a document, CycloneDX or SPDX in JSON, by whichever tool; out go the packages that it names by
// package URLs, as the inventory of a tree would have them, the distribution, and how much of it could not be understood.
//
// Names are taken from package URLs alone, as those are what tools agree on. What a URL has no place for (the package of
// sources, the record, the layer) is taken from where cimg, trivy and syft write it.
//
// What must not be in here: files, signatures, how documents are written (`ScanCommands`), what is judged.
