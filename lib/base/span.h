/*
 * A part of some bytes.
 */
#ifndef CODETRAIN_SPAN_H
#define CODETRAIN_SPAN_H

#include <stddef.h>

struct span {
	size_t offset, len;	/* bytes */
};

#endif
