/*
 * What is granted, compared with what must be, and mended.
 */
#ifndef CODETRAIN_GRANT_H
#define CODETRAIN_GRANT_H

#include "grant_documents.h"

#include <stdio.h>

struct grant_options {
	bool apply;		/* otherwise: only look */
	const volatile int *stop;
	FILE *out;		/* the plan, for people; NULL: none */
	const char *file;	/* for the command in messages */
};

/* Checks that every profile is in the account that the file says, reads every
 * document, and with `apply` writes those that lack something. *result is
 * {"changes","documents":[{"account","id","service","kind","name","foreign","applied",
 * "statements":[{"sid","change"}]}]}, which the caller frees, also after a failure.
 * The work ends at the first failure; the next run goes on from there. */
int grant_run(const struct accounts *accounts, const struct grant_options *o, cJSON **result,
	      struct err *err);

#endif
