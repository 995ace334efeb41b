/*
 * Credentials as text, for the programs that take them. The text is a secret:
 * `out` is a secret buffer.
 */
#ifndef CODETRAIN_CREDENTIALS_PRINT_H
#define CODETRAIN_CREDENTIALS_PRINT_H

#include "lib/aws/creds.h"
#include "lib/base/buf.h"

#define CREDENTIALS_PRINT_MAX (2 * CREDS_TOKEN_MAX + 4096)

struct credentials_print {
	const struct creds *creds;
	const char *region;	/* "" when there is none */
	const char *profile;	/* whose they are, or the secret's name */
};

typedef int credentials_printer(const struct credentials_print *p, struct buf *out,
				struct err *err);

/* "process", "env", "json" or "lines"; NULL for any other. */
credentials_printer *credentials_print_find(const char *format);
/* The names, for messages: "process, env, json or lines". */
extern const char credentials_print_names[];

#endif
