#include "queue_resolve.h"
#include "queue_refs.h"

#include <stdio.h>
#include <string.h>

enum { REF_MAX = 4096 };

static bool told_already(const struct strs *lines, const char *line)
{
	for (size_t i = 0; i < lines->n; i++)
		if (strcmp(lines->v[i], line) == 0)
			return true;
	return false;
}

static int resolve_line(const char *gitdir, const struct queue_push *push, const char *line,
			struct buf *name, struct strs *out, struct err *err)
{
	char now[QUEUE_REFS_OID], text[2 * QUEUE_REFS_OID + REF_MAX];
	struct err quiet = { 0 };
	struct queue_update u;
	const char *old;

	if (!queue_push_split(line, &u))
		return err_set(err, ERR_INTERNAL, "an update of the push is malformed");
	if (queue_refs_resolve(gitdir, u.ref, name, now, &quiet) < 0)
		return strs_add(out, line);
	old = push->step == QUEUE_PREPARED && queue_push_is_zero(u.old, u.oid_len) &&
	      strlen(now) == (size_t)u.oid_len ? now : u.old;
	snprintf(text, sizeof(text), "%.*s %.*s %s", u.oid_len, old, u.oid_len, u.new, buf_str(name));
	if ((push->step == QUEUE_PUSHED || push->step == QUEUE_PREPARED) &&
	    strncmp(text, text + u.oid_len + 1, (size_t)u.oid_len) == 0)
		return 0;
	/* the ref that another stands for is in git's lines as well */
	if (strcmp(buf_str(name), u.ref) != 0 &&
	    (told_already(out, text) || told_already(&push->updates, text)))
		return 0;
	return strs_add(out, text);
}

int queue_resolve(const char *gitdir, struct queue_push *push, struct err *err)
{
	struct buf name = BUF_INIT(REF_MAX);
	struct strs out = STRS_INIT;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < push->updates.n; i++)
		rc = resolve_line(gitdir, push, push->updates.v[i], &name, &out, err);
	if (rc < 0 && out.failed)
		err_set(err, ERR_INTERNAL, "no memory for the refs of a push");
	buf_free(&name);
	if (rc < 0) {
		strs_free(&out);
		return -1;
	}
	strs_free(&push->updates);
	push->updates = out;
	return 0;
}
