#include "install.h"

#include <string.h>

static const char head[] = "#!/bin/sh\n# made by `codetrain hooks install`";
static const char program_line[] = "codetrain=";

/* A word for sh, always in single quotes, which is how it is read back. */
static void quote(const char *s, struct buf *out)
{
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* husky's generated hooks find out from $0 which hook they are; under another
 * name they would run nothing. They are read by a shell that is told the old
 * name. All other hooks are run. */
static bool asks_for_its_name(const char *text)
{
	return strncmp(text, "#!/usr/bin/env sh", 17) == 0 && strstr(text, "dirname") &&
	       strstr(text, "/h\"");
}

/* pre-commit's hook, when pre-commit is installed once more over codetrain's, would
 * run codetrain's, that this, and this codetrain's again; it tells so by a variable. */
static bool is_pre_commit(const char *text)
{
	return strstr(text, "pre-commit") && strstr(text, "hook-impl");
}

/* Both hooks read the same lines, so they are kept. Command substitution drops
 * line ends; the dot keeps them. codetrain's refusal comes before the other hook,
 * which may send something already, as git-lfs does. */
static void add_previous(const struct install_hook *hook, const char *previous, struct buf *out)
{
	static const char input[] = "	printf %s \"${input%.}\" | ";
	const char *run = asks_for_its_name(previous)
				  ? "sh -c '. \"$0" INSTALL_SUFFIX "\"' \"$0\" \"$@\""
				  : "\"$previous\" \"$@\"";

	buf_addf(out, "previous=${0%%/*}/%s" INSTALL_SUFFIX "\nif [ -x \"$previous\" ]%s; then\n"
		 "	input=$(cat; echo .)\n", hook->name,
		 is_pre_commit(previous) ? " && [ -z \"${PRE_COMMIT_RUNNING_LEGACY-}\" ]" : "");
	if (!hook->closed) {
		/* its refusal is git's to hear: codetrain's then has nothing to undo */
		buf_addf(out, "%s%s%s\n%s\"$codetrain\" \"$@\"\n	exit $?\nfi\n", input, run,
			 hook->steps ? " || { code=$?; [ \"$1\" != prepared ] || exit $code; }" : "",
			 input);
		return;
	}
	buf_addf(out, "%s\"$codetrain\" \"$@\" || exit $?\n%s%s || exit $?\n", input, input, run);
	/* lefthook writes its hooks anew when its configuration has changed */
	buf_adds(out,
		 "	{ read -r line && read -r line; } <\"$0\"\n"
		 "	case $line in\n"
		 "	'# made by `codetrain '*) ;;\n"
		 "	*) echo \"codetrain: warning: another tool has written over $0; put codetrain's \"\\\n"
		 "\"hook back with: codetrain hooks install\" >&2 ;;\n"
		 "	esac\n"
		 "	exit 0\n"
		 "fi\n");
}

static void add_program(const struct install_hook *hook, const char *program, struct buf *out)
{
	buf_adds(out, program_line);
	quote(program, out);
	buf_addf(out,
		 "\nif [ ! -x \"$codetrain\" ]; then\n"
		 "%s"
		 "	echo \"codetrain: error: $codetrain is gone; %s\" >&2\n"
		 "	echo \"codetrain: mend it with: codetrain hooks install%s\" >&2\n"
		 "%s"
		 "	%s\n"
		 "fi\n",
		 hook->steps ? "	[ \"$1\" != prepared ] || {\n" : "",
		 hook->closed ? "nothing was pushed" : "this push starts no build",
		 hook->server ? " --server" : "", hook->steps ? "	}\n" : "",
		 hook->closed ? "exit 1" : "codetrain=true");
}

int install_script(const struct install_hook *hook, const char *program, const char *previous,
		   struct buf *out, struct err *err)
{
	buf_addf(out, "%s; undo with `codetrain hooks uninstall%s`.\n", head,
		 hook->server ? " --server" : "");
	add_program(hook, program, out);
	if (previous)
		add_previous(hook, previous, out);
	buf_adds(out, "exec \"$codetrain\" \"$@\"\n");
	return buf_check(out, "a hook", err);
}

int install_script_program(const char *text, struct buf *program)
{
	const char *p;

	if (strncmp(text, head, strlen(head)) != 0)
		return -1;
	p = strchr(text + strlen(head), '\n');
	if (!p || strncmp(p + 1, program_line, strlen(program_line)) != 0)
		return -1;
	for (p += 1 + strlen(program_line) + 1; *p && *p != '\n'; p++) {
		if (*p != '\'')
			buf_addc(program, *p);
		else if (strncmp(p, "'\\''", 4) == 0) {
			buf_addc(program, '\'');
			p += 3;
		} else {
			break;
		}
	}
	return program->failed ? -1 : 0;
}
