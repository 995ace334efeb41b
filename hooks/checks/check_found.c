#include "check.h"

#include <stdio.h>
#include <string.h>

enum { SHORT = 12, TEXT_MAX = 65536, SUBJECT_MAX = 4096 };

/* Where a commit stands: what to type depends on it. */
struct place {
	git_commit *commit;
	bool is_head;		/* the commit that is checked out */
	bool is_tip;		/* of the branch below */
	const char *branch;	/* to name in commands; NULL: the one that is checked out */
	char id[SHORT + 1];
};

static bool reaches(struct check_run *run, const git_oid *tip, const git_oid *commit)
{
	return git_oid_equal(tip, commit) ||
	       git_graph_descendant_of(run->repo, tip, commit) == 1;
}

/* 0 when the item is in a commit. */
static int find_place(struct check_run *run, const struct check_item *item, struct place *place)
{
	git_oid head;

	*place = (struct place){ 0 };
	if (!run->repo || !item->commit ||
	    git_commit_lookup(&place->commit, run->repo, item->commit) < 0)
		return -1;
	git_oid_tostr(place->id, sizeof(place->id), item->commit);
	if (git_reference_name_to_id(&head, run->repo, "HEAD") == 0 &&
	    reaches(run, &head, item->commit)) {
		place->is_head = place->is_tip = git_oid_equal(&head, item->commit);
		return 0;
	}
	for (size_t i = 0; i < run->n_tips; i++) {
		const struct check_tip *tip = &run->tips[i];

		if (!tip->branch || !reaches(run, &tip->commit, item->commit))
			continue;
		place->branch = tip->branch;
		place->is_tip = git_oid_equal(&tip->commit, item->commit);
		break;
	}
	return 0;
}

/* A word for a shell, as it is when it needs no quotes. */
static void quote(const char *s, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+=,@%";

	if (s[strspn(s, plain)] == '\0') {
		buf_adds(out, s);
		return;
	}
	buf_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			buf_adds(out, "'\\''");
		else if ((unsigned char)*s < ' ' || *s == 127)
			buf_addc(out, '?');	/* git takes it for any character */
		else
			buf_addc(out, *s);
	}
	buf_addc(out, '\'');
}

/* What to do once the right commit is checked out. */
static void amend(const struct check_item *item, struct buf *out)
{
	switch (item->subject) {
	case CHECK_COMMIT:
		buf_adds(out, strstr(item->part, "header")
				      ? "git commit --amend --no-edit --reset-author"
				      : "git commit --amend");
		break;
	case CHECK_NAME:
		buf_adds(out, "git mv OLD NEW && git commit --amend --no-edit");
		break;
	case CHECK_SIZE:
		buf_adds(out, "git rm --cached -- ");
		quote(item->path, out);
		buf_adds(out, " && git commit --amend --no-edit");
		break;
	default:
		buf_adds(out, "git commit -a --amend --no-edit");
		break;
	}
}

static void mend_in_commit(const struct place *p, const struct check_item *item, struct buf *out)
{
	unsigned parents = git_commit_parentcount(p->commit);

	if (p->is_tip) {
		if (p->branch) {
			buf_adds(out, "git switch ");
			quote(p->branch, out);
			buf_addc(out, '\n');
		}
		if (item->subject == CHECK_BLOB || item->subject == CHECK_FILE)
			buf_adds(out, "# mend the file, then:\n");
		amend(item, out);
		return;
	}
	buf_adds(out, "git rebase -i ");
	if (parents > 1)
		buf_adds(out, "--rebase-merges ");
	if (parents == 0)
		buf_adds(out, "--root");
	else
		buf_addf(out, "%s^", p->id);
	if (p->branch) {
		buf_addc(out, ' ');
		quote(p->branch, out);
	}
	buf_addf(out, "\n# mark %s \"edit\", mend it when git stops there, then:\n", p->id);
	amend(item, out);
	buf_adds(out, " && git rebase --continue");
}

static void mend(struct check_run *run, const struct check_item *item, struct place *place,
		 struct buf *out)
{
	if (find_place(run, item, place) == 0)
		mend_in_commit(place, item, out);
	else if (item->subject == CHECK_TAG)
		buf_adds(out, "git tag -f -a TAG");
	else if (item->subject == CHECK_PUSH && item->part)
		buf_adds(out, "git branch -m OLD NEW");
	else if (item->subject == CHECK_NAME)
		buf_adds(out, "mv OLD NEW");
	else if (item->subject == CHECK_BLOB)
		buf_addf(out, "take it out of %.4000s", item->path);
}

struct redaction {
	const char *text;
	size_t at, len;
	struct buf *out;
};

static int redact_hit(void *arg, const struct scan_hit *hit, struct err *err)
{
	struct redaction *r = arg;

	(void)err;
	if (hit->offset < r->at || hit->offset + hit->len > r->len)
		return 0;
	buf_add(r->out, r->text + r->at, hit->offset - r->at);
	buf_adds(r->out, hit->shown);
	r->at = hit->offset + hit->len;
	return 0;
}

/* The text with every secret cut down to four characters. */
static int redact(struct check_run *run, const char *text, struct buf *out, const char **slot,
		  struct err *err)
{
	struct redaction r = { .text = text, .out = out };
	int rc;

	if (!text)
		return 0;
	r.len = strlen(text);
	buf_clear(out);
	rc = scan_bytes(run->redactor, &(struct scan_text){ .data = text, .len = r.len },
			redact_hit, &r, err);
	if (rc < 0)
		return -1;
	if (rc == 0)	/* or there may be more behind the last */
		buf_add(out, text + r.at, r.len - r.at);
	*slot = buf_str(out);
	return buf_check(out, "a finding", err);
}

static int add(struct check_run *run, struct report_finding *f, struct err *err)
{
	enum { TEXTS = 5 };
	const char **const slots[TEXTS] = { &f->message, &f->file, &f->subject, &f->fix,
					    &f->pointer };
	struct buf texts[TEXTS];
	int rc = 0;

	for (int i = 0; i < TEXTS; i++)
		texts[i] = (struct buf)BUF_INIT(TEXT_MAX);
	if (!run->redactor)
		rc = scan_open(run->rules, &run->redactor, err);
	for (int i = 0; i < TEXTS && rc == 0; i++)
		rc = redact(run, *slots[i], &texts[i], slots[i], err);
	if (rc == 0)
		rc = report_add(run->report, f, err);
	for (int i = 0; i < TEXTS; i++)
		buf_free(&texts[i]);
	return rc;
}

int check_found(struct check_run *run, const struct check_item *item,
		struct report_finding *finding, struct err *err)
{
	struct report_finding f = *finding;
	struct buf fix = BUF_INIT(TEXT_MAX);
	char commit[GIT_OID_HEXSZ + 1], subject[SUBJECT_MAX];
	struct place place = { 0 };
	int rc;

	f.order = item->order;
	pthread_mutex_lock(&run->lock);
	mend(run, item, &place, &fix);
	if (!f.fix && fix.len)
		f.fix = buf_str(&fix);
	if (!f.file)
		f.file = item->path;
	if (item->commit) {
		git_oid_tostr(commit, sizeof(commit), item->commit);
		f.commit = commit;
	}
	if (place.commit && git_commit_summary(place.commit)) {
		snprintf(subject, sizeof(subject), "%s", git_commit_summary(place.commit));
		f.subject = subject;
	}
	rc = add(run, &f, err);
	pthread_mutex_unlock(&run->lock);
	git_commit_free(place.commit);
	buf_free(&fix);
	return rc;
}
