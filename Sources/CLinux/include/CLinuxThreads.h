/* SPDX-License-Identifier: Apache-2.0 */
/* Where threads run: what sched.h keeps from Swift. Each returns what the call returns, with errno set. */
#ifndef CLINUX_THREADS_H
#define CLINUX_THREADS_H

#pragma clang assume_nonnull begin

/* The processor that a thread of any process runs on or ran on last, by proc_pid_stat(5); -1 where that is not to be
   seen. */
int clinux_processor_of_thread(int thread);
/* Whether a thread runs or waits for a processor, by proc_pid_stat(5). */
int clinux_thread_is_runnable(int thread);
/* gettid(2). */
int clinux_thread_identifier(void);
/* sched_setaffinity(2): the calling thread runs on this processor alone. */
int clinux_run_on_processor(int processor);
/* sched_setscheduler(2) with SCHED_IDLE: the calling thread runs where nobody else wants to. Without privileges there is
   no way back. */
int clinux_run_when_idle(void);

#pragma clang assume_nonnull end
#endif
