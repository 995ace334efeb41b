#include "check.h"

#include <string.h>

struct search {
	struct check_run *run;
	const struct check_item *item;
};

static int hit(void *arg, const struct scan_hit *h, struct err *err)
{
	const struct search *s = arg;
	struct report_finding f = {
		.check = "secrets", .rule = h->rule->id, .warning = h->rule->warning,
		.rotate = h->rule->rotate, .allow = h->sha256, .line = h->line,
		.column = h->column,
	};
	struct buf message = BUF_INIT(512);
	enum check_published published;
	int rc;

	if (check_policy_allows(&s->run->policy, h->sha256))
		return 0;
	rc = check_published(s->run, s->item, h->sha256, &published, err);
	if (rc < 0 || published == CHECK_SAME_FILE)	/* moved or copied */
		return rc;
	buf_addf(&message, "%s %s", h->rule->description, h->shown);
	if (h->encoding)
		buf_addf(&message, " in %s", h->encoding);
	if (s->item->part)
		buf_addf(&message, " in the %s", s->item->part);
	if (published == CHECK_SAME_VALUE) {
		/* refusing the push would take nothing back */
		buf_adds(&message, "; the remote has this file with it already");
		f.warning = true;
	}
	f.message = buf_str(&message);
	rc = check_found(s->run, s->item, &f, err);
	buf_free(&message);
	return rc;
}

int check_secrets(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct report_finding more = {
		.check = "secrets", .rule = "too-many-secrets",
		.message = "more values look like secrets than are told of one file; what stands "
			   "behind the last one was not judged",
	};
	struct report_finding large = {
		.check = "secrets", .rule = "unpacks-too-large",
		.message = "unpacks to more than can be looked at",
	};
	struct search s = { run, item };
	const struct scan_text text = {
		.data = item->data, .len = item->len, .paths = &item->path, .n_paths = !!item->path,
		.deadline = run->range.deadline,
	};
	int rc = scan_bytes(item->scanner ? item->scanner : run->scanner, &text, hit, &s, err);

	if (rc < 0)
		return -1;
	/* those that were told may all be allowed: the others are not known to be */
	if (rc & SCAN_MORE && check_found(run, item, &more, err) < 0)
		return -1;
	return rc & SCAN_TOO_LARGE ? check_found(run, item, &large, err) : 0;
}

/* The names that the refs will have there. */
int check_secrets_refs(struct check_run *run, const struct check_item *push, struct err *err)
{
	for (size_t i = 0; i < run->range.n_refs; i++) {
		const struct range_ref *r = &run->range.refs[i];
		struct check_item item = *push;

		if (git_oid_is_zero(&r->local))
			continue;	/* a deletion takes it away */
		item.part = "name of a ref";
		item.data = r->remote_name;
		item.len = item.size = strlen(r->remote_name);
		if (check_secrets(run, &item, err) < 0)
			return -1;
	}
	return 0;
}
