/*
 * The AWS CLI's cache of session credentials: ~/.aws/cli/cache/KEY.json.
 *
 * Read and written as botocore's JSONFileCache and CachedCredentialFetcher do,
 * so that who signed in (with an MFA code, say) for one of the tools has done so
 * for the other. KEY is the SHA-1 of the JSON that Python makes of the request's
 * arguments.
 *
 * Nothing here is fatal: a file that is broken, belongs to another user or is
 * open to others is no entry, and one that cannot be written is not written.
 */
#ifndef CODETRAIN_CLI_CACHE_H
#define CODETRAIN_CLI_CACHE_H

#include "aws_private.h"

#define CLI_CACHE_KEY_LEN HASH_SHA1_HEX_LEN

/* An argument without text and number is left out. */
struct cli_cache_argument {
	const char *name, *text;
	long number;
};

/* `arguments` in the order of their names, as sort_keys has it; `spaced` with
 * Python's own separators (roles), else without white space (SSO). Everything
 * but printable ASCII is escaped, beyond the first plane as a surrogate pair. -1
 * for text that is no UTF-8, which has no key. */
int cli_cache_key(const struct cli_cache_argument *arguments, size_t n, bool spaced,
		  char out[static CLI_CACHE_KEY_LEN]);

/* Like botocore, refuse an entry of which less is left, and get a new one. */
#define CLI_CACHE_WINDOW 900

struct cli_cache_item {
	char key[CLI_CACHE_KEY_LEN];	/* "": there is none, only fetch */
	const char *source;		/* for struct creds */
	const char *service;		/* the id of the one that gives them */
	const char *provider_type;	/* "sso", by which `aws sso logout` finds it; or NULL */
	long duration;			/* of the credentials when asked for one; 0: not known */
};

/*
 * Credentials from the cache, or else by `fetch`, and then kept there. One whose
 * whole life is short (a duration of less than half an hour) is good to its
 * half: with botocore's 15 minutes a role of 15 minutes would be asked for, and
 * an MFA code typed, each time. When `fetch` fails, what is still good for a minute
 * serves on, unless the failure is one of usage.
 *
 * An entry does not say who gave it, so what we write says when that was a configured
 * endpoint (AWS_ENDPOINT_URL …): it is not used where AWS's own is meant. Otherwise whoever
 * sets a variable once would choose the keys from then on.
 */
int cli_cache_through(struct aws *a, const struct cli_cache_item *item,
		      int (*fetch)(void *arg, struct creds *out, struct err *err), void *arg,
		      struct creds *out, struct err *err);

#endif
