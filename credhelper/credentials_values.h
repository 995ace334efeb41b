/*
 * What the references of a buildspec stand for, asked and answered through
 * pipes: a value is in no file, no argument and no environment on its way.
 *
 * Asked are lines:
 *
 *	parameter NAME				of the Parameter Store, decrypted
 *	secret ID[:KEY[:STAGE[:VERSION]]]	of Secrets Manager, see lib/spec/reference.h
 *
 * Answered is, for each, the length in decimal, LF, as many bytes, LF. When one
 * of them cannot be had nothing else is written than "!N" LF, N being its number
 * from 0, and the reason goes the usual way, on standard error.
 */
#ifndef CODETRAIN_CREDENTIALS_VALUES_H
#define CODETRAIN_CREDENTIALS_VALUES_H

#include "lib/net/aws.h"

#define CREDENTIALS_VALUES_MOST 512		/* in one question */
#define CREDENTIALS_VALUES_ASKED (1 << 20)	/* bytes of a question */
#define CREDENTIALS_VALUES_MAX (8 << 20)	/* bytes of an answer */

/* Answers the lines in `asked` into `out`, a secret buffer. On -1 `out` holds the
 * "!N" line, and ERR_NO is: there is no such parameter, secret, version or key. */
int credentials_values(struct aws *a, const char *asked, struct buf *out, struct err *err);

/* The value in an answer of GetSecretValue: all of the text, or the member `key`
 * of the JSON object that it is. For tests. */
int credentials_values_of_secret(const cJSON *answer, const char *key, struct buf *out,
				 struct err *err);

#endif
