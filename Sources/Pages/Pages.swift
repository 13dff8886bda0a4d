// SPDX-License-Identifier: Apache-2.0

// One page of HTML for a report: plain values in, bytes out. It holds all that it shows, fetches nothing, and its policy lets
// nothing run but the one script whose digest it names; without that script all of it can still be read. What comes from an
// image passes through `Markup`, and is text wherever it stands. The same values give the same bytes: there is no date.
// Not here: what a report is of, files, any markup from outside.
