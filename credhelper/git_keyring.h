/*
 * CodeCommit's HTTPS git credentials out of the keyring: the user name and
 * password that IAM makes for a user, in place of a signature.
 */
#ifndef CODETRAIN_GIT_KEYRING_H
#define CODETRAIN_GIT_KEYRING_H

#include "gitproto.h"
#include "lib/aws/chain.h"
#include "lib/base/buf.h"

/* 1 when the profile that decides has codetrain_git_keyring, and `answer` (a secret
 * buffer) now has its user name and password. 0 when it has not, or when the
 * keyring gave nothing, which `warning` tells; `answer` is then empty. -1 when the
 * keyring cannot be asked, and the chain would come to it again: nobody waits twice.
 * The password lasts: it goes to no host that is not CodeCommit's, whatever
 * --ignore-host-check allows. */
int git_keyring_answer(const struct chain_input *in, const struct gitproto *git,
		       struct buf *answer, struct err *warning, struct err *err);

#endif
