/*
 * What went wrong: a class, which is the exit code of the program, and one
 * bounded line for people.
 *
 * Every function that can fail returns 0 or -1 and takes a `struct err *` as
 * its last parameter. A message says what happened, where, and (after "; ")
 * the command that mends it. It never holds a secret.
 */
#ifndef CODETRAIN_ERR_H
#define CODETRAIN_ERR_H

#include <stdarg.h>

/* The values are the exit codes of all verbs. */
enum err_class {
	ERR_NONE = 0,
	ERR_NO = 1,		/* the answer is no: refused, Failed, found */
	ERR_USAGE = 2,		/* usage or invalid input; nothing was done */
	ERR_STOPPED = 3,	/* the job was Stopped or ran into MaxRuntime */
	ERR_TIMEOUT = 4,	/* waiting timed out, the job goes on */
	ERR_CONFLICT = 5,	/* the name is taken by a different request */
	ERR_ACCESS = 6,		/* no credentials, or access denied */
	ERR_UNAVAILABLE = 7,	/* throttled or unavailable after retries */
	ERR_INTERNAL = 70,	/* a fault of codetrain or of this machine */
};

#define ERR_MESSAGE_MAX 1536	/* bytes, with the terminating NUL */

struct err {
	enum err_class class;
	char message[ERR_MESSAGE_MAX];
};

/* All three return -1, so that a caller can `return err_set(...)`. A message
 * that is too long is cut at a character boundary; control characters become
 * '?' so that text from a server cannot steer a terminal. */
int err_set(struct err *err, enum err_class class, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int err_vset(struct err *err, enum err_class class, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

/* Sets ERR_INTERNAL with ": " and the text of errno after the message. */
int err_errno(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts text in front of the message that is there; the class stays. */
int err_prefix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Puts text behind the message that is there; the class stays. */
int err_suffix(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Makes one harmless line of a text: control characters become '?' or ' '. */
void err_tidy(char *text);

#endif
