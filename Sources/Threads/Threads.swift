// SPDX-License-Identifier: Apache-2.0

// Threads that block, and what they share: workers, queues with a bound, waiting for what another one does.
// In: closures. Out: their results. Here also the plan by which tests let system calls fail, as workers inherit it.
// Not here: any system call on files.
