/*
 * The places where sessions are kept, behind session.c.
 */
#ifndef CODETRAIN_SESSION_PLACE_H
#define CODETRAIN_SESSION_PLACE_H

#include "lib/base/buf.h"
#include "session.h"

#define SESSION_TEXT_MAX (CREDS_TOKEN_MAX + 2048)	/* bytes of an entry */

/* All are silent: 0, or -1 for not there, not ours, refused. */

/* ---- session_kernel.c -------------------------------------------------------------- */

int session_kernel_load(const struct session *s, struct buf *text);
/* For `seconds`. */
int session_kernel_store(const struct session *s, const struct buf *text, int64_t now,
			 int64_t seconds);
void session_kernel_forget(const struct session *s);

/* ---- session_file.c ---------------------------------------------------------------- */

int session_file_load(const struct session *s, struct buf *text);
/* Also removes what others have left there and has ended. */
int session_file_store(const struct session *s, const struct buf *text, int64_t now,
		       int64_t seconds);
void session_file_forget(const struct session *s);

/* A descriptor of the folder, which is made. */
int session_file_folder(const struct session *s);

#endif
