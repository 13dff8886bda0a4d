/* SPDX-License-Identifier: Apache-2.0 */
/* Loop devices. Each returns what ioctl(2) returns, with errno set. */
#ifndef CLINUX_LOOP_H
#define CLINUX_LOOP_H

/* LOOP_CTL_GET_FREE of /dev/loop-control: the number of a device that nobody uses now, made if there is none. */
int clinux_loop_free_number(int control);
/* LOOP_CONFIGURE: makes a device show a file, read-only, until nobody has the device open any more. */
int clinux_loop_configure(int device, int file, unsigned block_size);

#endif
