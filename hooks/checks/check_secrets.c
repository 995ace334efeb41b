#include "check.h"
#include "hooks/secrets/scan_regex.h"

#include <string.h>

struct search {
	struct check_run *run;
	const struct check_item *item;
	size_t at;	/* where the line of the last hit begins in the item's data */
	int line;
	int judged;	/* the line that was looked at for a comment last: it may be long */
	bool comment;
};

/* Of this tool and of those that teams come from. */
static const char *const comments[] = {
	"codetrain:allow", "gitleaks:allow", "pragma: allowlist secret",
};

/* Whether a comment on the hit's line says that it is allowed. Hits come in the order
 * of their lines. */
static bool has_comment(struct search *s, const struct scan_hit *h)
{
	const char *data = s->item->data, *end = data + s->item->len, *line;
	size_t n;

	if (s->item->subject != CHECK_BLOB || h->line < s->line)
		return false;
	if (h->line == s->judged)
		return s->comment;
	for (line = data + s->at; s->line < h->line; s->line++) {
		line = memchr(line, '\n', (size_t)(end - line));
		if (!line)
			return false;
		line++;
		s->at = (size_t)(line - data);
	}
	for (n = 0; line + n < end && line[n] != '\n'; n++)
		;
	s->judged = h->line;
	s->comment = false;
	for (size_t i = 0; i < sizeof(comments) / sizeof(*comments); i++)
		s->comment |= memmem(line, n, comments[i], strlen(comments[i])) != NULL;
	return s->comment;
}

/* True when the finding is none; otherwise what is to be said of it is added. */
static bool excused(struct search *s, const struct scan_hit *h, struct report_finding *f,
		    struct buf *message)
{
	if (!has_comment(s, h))
		return false;
	switch (s->run->policy.inline_allow) {
	case CHECK_INLINE_ALLOWS:
		return true;
	case CHECK_INLINE_WARNS:
		buf_adds(message, "; a comment there allows it");
		f->warning = true;
		break;
	case CHECK_INLINE_IGNORED:
		buf_adds(message, "; the comment there allows nothing without inline-allow in "
			 CHECK_POLICY_FILE);
		break;
	}
	return false;
}

/* Whether the rule's own file lets the commit pass. */
static bool passes(const struct search *s, const struct rule *rule)
{
	char commit[GIT_OID_HEXSZ + 1];

	return s->item->commit && rule->value == RULE_REGEX &&
	       scan_regex_commit(rule, git_oid_tostr(commit, sizeof(commit), s->item->commit));
}

static int hit(void *arg, const struct scan_hit *h, struct err *err)
{
	struct search *s = arg;
	struct report_finding f = {
		.check = "secrets", .rule = h->rule->id, .warning = h->rule->warning,
		.rotate = h->rule->rotate, .allow = h->sha256, .line = h->line,
		.column = h->column, .help = h->rule->description,
	};
	struct buf message = BUF_INIT(4096);
	enum check_published published;
	int rc;

	if (check_allow_has(&s->run->policy.allow, h->sha256) || passes(s, h->rule))
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
	if (!excused(s, h, &f, &message)) {
		struct check_item item = *s->item;

		if (!h->encoding)
			item.value = (struct span){ h->offset, h->len };
		f.message = buf_str(&message);
		rc = check_found(s->run, &item, &f, err);
	}
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
	struct search s = { .run = run, .item = item, .line = 1 };
	const struct scan_text text = {
		.data = item->data, .len = item->len,
		.paths = item->paths ? item->paths : &item->path,
		.n_paths = item->paths ? item->n_paths : !!item->path,
		.changed = item->changed, .n_changed = item->n_changed,
		.deadline = run->range.deadline,
	};
	int rc;

	if (run->no_rules)
		return 0;
	rc = scan_bytes(item->scanner ? item->scanner : run->scanner, &text, hit, &s, err);

	if (rc < 0)
		return -1;
	if (rc > 0)
		atomic_store(&run->partly, true);
	/* those that were told may all be allowed: the others are not known to be */
	if (rc & SCAN_MORE && check_found(run, item, &more, err) < 0)
		return -1;
	return rc & SCAN_TOO_LARGE ? check_found(run, item, &large, err) : 0;
}

/* A file that is not read: the size row tells of it, unless it was not chosen. */
int check_secrets_size(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct report_finding unread = {
		.check = "secrets", .rule = "too-large",
		.message = "a file of more than 2 GB: it was not looked at",
	};
	bool chosen = !run->types || run->types->n == 0;

	for (size_t i = 0; !chosen && i < run->types->n; i++)
		chosen = strcmp(run->types->v[i], "size") == 0;
	return chosen || item->size <= CHECK_FILE_SIZE_MAX ? 0 : check_found(run, item, &unread, err);
}

/* The names that the refs will have there. */
int check_secrets_refs(struct check_run *run, const struct check_item *push, struct err *err)
{
	for (size_t i = 0; i < run->range.n_refs; i++) {
		const struct range_ref *r = &run->range.refs[i];
		struct check_item item = *push;

		if (git_oid_is_zero(&r->local))
			continue;	/* a deletion takes it away */
		item.ref = r;
		item.part = "name of a ref";
		item.data = r->remote_name;
		item.len = item.size = strlen(r->remote_name);
		if (check_secrets(run, &item, err) < 0)
			return -1;
	}
	return 0;
}

static int stale(struct check_run *run, const struct check_allowance *x, struct err *err)
{
	struct buf message = BUF_INIT(1024), fix = BUF_INIT(1024);
	const char *colon = strchr(x->name, ':');	/* COMMIT:.codetrain */
	struct report_finding f = {
		.check = "secrets", .rule = "allow-stale", .warning = true, .line = x->line,
		.column = 1, .file = colon ? colon + 1 : x->name,
		.help = "An allowance in .codetrain that no value needs any more",
	};
	int rc;

	buf_addf(&message, "no value has the SHA-256 %.12s... any more; it allows nothing", x->sha256);
	buf_addf(&fix, "git config -f .codetrain --unset codetrain.allow.sha256 %s", x->sha256);
	if (colon)
		buf_addf(&fix, "\ngit commit -m 'Allow less' .codetrain");
	f.message = buf_str(&message);
	f.fix = buf_str(&fix);
	rc = report_add(run->report, &f, err);
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

int check_secrets_stale(struct check_run *run, struct err *err)
{
	const struct check_allow *allow = &run->policy.allow;

	/* what was not looked at may need it */
	if (run->report->missing || atomic_load(&run->partly) ||
	    run->no_rules || !check_wants(run, CHECK_BLOB))
		return 0;
	for (size_t i = 0; i < allow->n; i++)
		if (!atomic_load(&allow->v[i].used) && stale(run, &allow->v[i], err) < 0)
			return -1;
	return 0;
}
