/*
 * A flag that ends waits. A signal's handler sets it, or another thread.
 */
#ifndef CODETRAIN_STOP_H
#define CODETRAIN_STOP_H

#include <stdbool.h>

/* NULL: nothing ever ends the wait. */
static inline bool stop_is_set(const volatile int *stop)
{
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

#endif
