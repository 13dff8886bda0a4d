// SPDX-License-Identifier: Apache-2.0

// The only door to the kernel: descriptors, files opened without trust in names, mounts, processes, threads.
// In: descriptors and names in them. Out: descriptors, bytes, `Errno`. Every call whose failure counts goes through
// `SystemCall.swift`, where tests make it fail.
// Not here: images, or what any of it is for.
