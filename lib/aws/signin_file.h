/*
 * Where the AWS CLI keeps what people have signed in for, and the SDKs find it.
 */
#ifndef CODETRAIN_SIGNIN_FILE_H
#define CODETRAIN_SIGNIN_FILE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

/* `home` may be NULL or "": ERR_USAGE, where it is needed. */

/* Of `aws sso login`: HOME/.aws/sso/cache/SHA1(key).json. The key is the name of the
 * sso-session, or the start URL in a profile of the older form. */
int signin_file_sso(const char *home, const char *key, struct buf *out, struct err *err);

/* Of `aws login`: FOLDER/SHA256(login_session).json. The folder is
 * AWS_LOGIN_CACHE_DIRECTORY, in which "~/" is the home; NULL or "":
 * HOME/.aws/login/cache. */
int signin_file_login(const char *home, const char *folder, const char *session, struct buf *out,
		      struct err *err);

#endif
