/*
 * Hooks in a repository: codetrain's own file, and the hook that stood there
 * before, which it runs too: behind the pre-push, since that one may send
 * something itself (git-lfs), and before the server's hooks.
 *
 * NAME becomes a short sh script (see install_script.c); what was NAME before
 * is kept beside it, byte for byte, as NAME.before-codetrain. A server's hook with none
 * before it is a link to the program: a shell takes longer to start than it does.
 */
#ifndef CODETRAIN_INSTALL_H
#define CODETRAIN_INSTALL_H

#include "lib/base/buf.h"
#include "lib/base/err.h"

#include <stdbool.h>

#define INSTALL_SUFFIX ".before-codetrain"
#define INSTALL_SCRIPT_MAX 65536

struct install {
	bool server, global;
};

/* A hook that codetrain has. */
struct install_hook {
	const char *name;	/* "pre-push" */
	const char *program;	/* in libexec/codetrain */
	bool server;
	bool closed;		/* when the program is gone: fail (and not: warn and go on) */
	bool steps;		/* git's argument says what goes on; "prepared" can be refused */
};

typedef int install_fn(const struct install *install, struct err *err);
install_fn install_add, install_remove, install_status;

/* The script for a hook. `program` is its absolute path. `previous`: the text
 * of the hook that stood there, NULL when there was none. */
int install_script(const struct install_hook *hook, const char *program, const char *previous,
		   struct buf *out, struct err *err);

/* The path of the program that a script made by install_script runs. 0, or -1
 * when the text is no such script. */
int install_script_program(const char *text, struct buf *program);

/* The program that a link at `path` leads to, when it is one that install_link made. */
int install_link_program(const struct install_hook *hook, const char *path, struct buf *program);

/* Makes `path` a link to the program, in place of what is there. */
int install_link(const char *path, const char *program, struct err *err);

#endif
