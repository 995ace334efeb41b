/*
 * A stopped, traced process: its registers, and what it knows of the time.
 */
#ifndef SOAK_MACHINE_H
#define SOAK_MACHINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* At a call's entry: the kernel then does nothing and the result is ENOSYS. */
void machine_leave_out(pid_t id);

/* At a call's exit: it failed with this number. */
void machine_set_error(pid_t id, int error);

/* The third argument of a call, or what is in its place; what was there. */
unsigned long long machine_set_argument2(pid_t id, unsigned long long value);

/* At its exec: does it load no library? Then a library that moves its clock
 * cannot be preloaded; so the kernel's page of fast calls is hidden from it, and
 * it asks for the time by system calls. */
bool machine_is_static(pid_t id);

/* At the exit of a call that tells the wall time: adds milliseconds. Others are left alone. */
void machine_move_clock(pid_t id, long number, const unsigned long long *arguments, int64_t ms);

#endif
