// SPDX-License-Identifier: Apache-2.0

// Commands: arguments, output, exit codes.
// In: the process's arguments. Out: text or JSON, and 0, 1 or 2.
// Not here: anything that another program could want to do without a command line; that is in the rooms below.
