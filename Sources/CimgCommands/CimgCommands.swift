// SPDX-License-Identifier: Apache-2.0

// The command line as a whole: which commands there are, and how the words of the process get to one of them.
// In: the process's arguments. Out: a command that runs, help, or a line that says what is wrong with them; 0, 1 or 2.
// Not here: any command. Those are in the rooms whose names end in `Commands`, each by what it is about; and nothing
// that another program could want to do without a command line is in these.
