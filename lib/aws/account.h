/*
 * Whose account it is, as far as that can be told without asking AWS.
 */
#ifndef CODETRAIN_ACCOUNT_H
#define CODETRAIN_ACCOUNT_H

#include "chain.h"

#include <stdbool.h>

#define ACCOUNT_LEN 12	/* digits */

/* The account that an access key id belongs to. The ids of keys that were made
 * since 2019 hold it: after four letters, base32 (RFC 4648), whose first bit says
 * so and whose next 40 bits are the number. False for others. */
bool account_of_key(const char *key_id, char account[static ACCOUNT_LEN + 1]);

/* The account in an ARN (its fifth part); false when it has none. */
bool account_of_arn(const char *arn, char account[static ACCOUNT_LEN + 1]);

/* The account of the credentials that the chain would give: of the role, the
 * session, the key, or what aws_account_id says. False when only AWS knows
 * (metadata, a process, a keyring) or there are no credentials. */
bool account_of_chain(const struct chain_input *in, char account[static ACCOUNT_LEN + 1]);

#endif
