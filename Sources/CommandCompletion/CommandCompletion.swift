// SPDX-License-Identifier: Apache-2.0

// What a shell can offer for a word of a command line, and the scripts through which shells ask.
// In: the words that are typed, and the commands that there are. Out: candidates, a line each; text for bash, zsh, fish.
// Known here: which kind of word each command takes; names of the store, containers, mounts, paths of this machine.
// Not here: networks, what commands do; and nothing is made, mended or told where something cannot be read.
