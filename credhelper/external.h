/*
 * Credentials from the providers that are not in a file: those of the network
 * and of other programs by way of codetrain-credentials, the keyring's by way of
 * codetrain-keyring. Both print them into a pipe.
 */
#ifndef CODETRAIN_EXTERNAL_H
#define CODETRAIN_EXTERNAL_H

#include "lib/aws/chain.h"

#define EXTERNAL_TIMEOUT_MS 150000	/* it may ask for an MFA code, and waits 120 s for it */

/* Fits codecommit's `fetch`. On -1 the class is the exit code of that
 * program, the message its reason, with profile and provider when it named none. */
int external_fetch(const struct chain_input *in, const struct chain_choice *choice,
		   struct creds *out, struct err *err);

#endif
