// SPDX-License-Identifier: Apache-2.0

// What the web's texts mean, as values: addresses, links, challenges, and what a failed transfer says.
// In: header fields and codes. Out: values, or a reason that one can act on.
// Not here: connections.
