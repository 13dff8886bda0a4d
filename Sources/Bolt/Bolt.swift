// SPDX-License-Identifier: Apache-2.0

// Reading databases of bbolt, the key-value store in which containerd and podman keep records and trivy advisories.
//
// In comes a file that gives bytes of a place; out go values by their keys, and buckets with all that is in them. A file
// may be damaged or made up: pages lie inside of it, a look for a key goes no deeper than a tree can be, and each walk
// (`BoltFile.read`) has a budget of its own, so that thousands of them may follow one another. What is changed meanwhile
// is read again.
//
// What must not be in here: what keys and values mean, and which files there are.
