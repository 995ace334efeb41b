/*
 * Memory for secrets, and a process that does not give them away.
 *
 * A block is locked (when the system allows it), left out of core dumps, empty
 * in a forked child, and wiped when it is freed.
 */
#ifndef CODETRAIN_SECRET_H
#define CODETRAIN_SECRET_H

#include <stddef.h>

/* The first call of every main that touches a secret: no core dumps, no ptrace
 * by others, and descriptors 0 to 2 open, so that a secret written to "stdout"
 * cannot land in a file opened later. Never fails: what is refused is left. */
void secret_process_init(void);

/* A zeroed block of at least `size` bytes, in pages of its own; NULL when
 * there is no memory. */
void *secret_alloc(size_t size);

/* Wipes and unmaps. NULL is nothing. `size` as given to secret_alloc. */
void secret_free(void *p, size_t size);

/* Overwrites in a way that the compiler cannot take out. */
void secret_wipe(void *p, size_t size);

#endif
