#include "check_mend.h"
#include "check_reach.h"
#include "check_tips.h"

#include <string.h>

enum { SHORT = 12, NOTES_MAX = 100000, TAG_NAME_LINE = 3 };

/* Where a commit stands: what to type depends on it. */
struct place {
	git_commit *commit;
	const struct check_source *source;	/* NULL: it is not new, or not known from where */
	const char *branch;	/* to name in commands; NULL: the one that is checked out */
	bool detached;		/* on no branch: a tag, or an object by its id */
	bool is_tip;
	char id[SHORT + 1];
};

/* A word for a shell, as it is when it needs no quotes. */
static void quote(const char *s, struct buf *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "/._-+=,@%";

	if (*s && s[strspn(s, plain)] == '\0') {
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

/* An argument that a command would take for an option. */
static bool is_option(const char *s)
{
	return *s == '-';
}

static void quote_path(const char *path, struct buf *out)
{
	if (is_option(path))
		buf_adds(out, "./");
	quote(path, out);
}

static void rename_branch(const char *name, struct buf *out)
{
	buf_adds(out, is_option(name) ? "git branch -m -- " : "git branch -m ");
	quote(name, out);
	buf_adds(out, " NEW");
}

static void delete_tag(const char *name, struct buf *out)
{
	buf_adds(out, is_option(name) ? " && git tag -d -- " : " && git tag -d ");
	quote(name, out);
}

static bool begins(const char *s, const char *with)
{
	return s && strncmp(s, with, strlen(with)) == 0;
}

/* What to do once the right commit is checked out. */
static void amend(const struct check_item *item, struct buf *out)
{
	switch (item->subject) {
	case CHECK_COMMIT:
		buf_adds(out, strstr(item->part, "header")
				      ? "git commit --allow-empty --amend --no-edit --reset-author"
				      : "git commit --allow-empty --amend");
		break;
	case CHECK_NAME:
		/* what is redacted there is any character for the shell */
		buf_adds(out, "git mv ");
		quote_path(item->path, out);
		buf_adds(out, " NEW && git commit --amend --no-edit");
		break;
	case CHECK_SIZE:
		buf_adds(out, "git rm --cached -- ");
		quote(item->path, out);
		buf_adds(out, " && git commit --allow-empty --amend --no-edit");
		break;
	default:
		buf_adds(out, "git commit -a --amend --no-edit");
		break;
	}
}

static bool mends_a_file(const struct check_item *item)
{
	return item->subject == CHECK_BLOB || item->subject == CHECK_FILE ||
	       item->subject == CHECK_TIP;
}

static void switch_to(const struct place *p, struct buf *out)
{
	if (p->detached)
		buf_addf(out, "git switch --detach %s\n", p->id);
	else if (p->branch) {
		buf_adds(out, "git switch ");
		quote(p->branch, out);
		buf_addc(out, '\n');
	}
}

static void mend_tip(const struct place *p, const struct check_item *item, struct buf *out)
{
	switch_to(p, out);
	if (mends_a_file(item))
		buf_adds(out, "# mend the file, then:\n");
	amend(item, out);
}

static void mend_older(const struct place *p, const struct check_item *item, struct buf *out)
{
	unsigned parents = git_commit_parentcount(p->commit);

	buf_adds(out, "git rebase -i ");
	if (p->source->merges)
		buf_adds(out, "--rebase-merges ");
	if (parents == 0)
		buf_adds(out, "--root");
	else
		buf_addf(out, "%s^", p->id);
	if (p->branch) {
		buf_addc(out, ' ');
		quote(p->branch, out);
	} else if (p->detached) {
		buf_addf(out, " %.*s", SHORT, git_oid_tostr_s(&p->source->commit));
	}
	if (parents > 1)	/* no "edit" for a merge */
		buf_addf(out, "\n# put a line \"break\" below \"merge -C %.7s\", mend it when git stops "
			 "there, then:\n", p->id);
	else
		buf_addf(out, "\n# mark %s \"edit\", mend it when git stops there, then:\n", p->id);
	amend(item, out);
	buf_adds(out, " && git rebase --continue");
}

/* Behind what was mended on no branch: the tag, or the push by its id, anew. */
static void move_ref(const struct check_run *run, const struct check_source *source,
		     struct buf *out)
{
	static const char tags[] = "refs/tags/";

	if (begins(source->ref, tags)) {
		const char *tag = source->ref + strlen(tags);

		buf_adds(out, git_oid_equal(&source->object, &source->commit) ? "\ngit tag -f "
									      : "\ngit tag -f -a ");
		quote(is_option(tag) ? "NEW" : tag, out);
		if (is_option(tag))
			delete_tag(tag, out);
		return;
	}
	for (size_t i = 0; i < run->range.n_refs; i++) {
		const struct range_ref *r = &run->range.refs[i];

		if (!git_oid_equal(&r->local, &source->object))
			continue;
		buf_adds(out, "\ngit push ");
		quote(run->remote ? run->remote : "origin", out);
		buf_adds(out, " HEAD:");
		quote(r->remote_name, out);
		break;
	}
}

/* ---- notes, tags, names ------------------------------------------------------- */

/* The last commit of the notes that is not new; false: all are. */
static bool notes_base(struct check_run *run, const git_oid *from, git_oid *base)
{
	git_oid at = *from;

	for (int i = 0; i < NOTES_MAX; i++) {
		git_commit *commit = NULL;
		bool more = git_commit_lookup(&commit, run->repo, &at) == 0 &&
			    git_commit_parentcount(commit) > 0;

		if (more)
			at = *git_commit_parent_id(commit, 0);
		git_commit_free(commit);
		if (!more)
			return false;
		if (!check_reach(run, &at)) {
			*base = at;
			return true;
		}
	}
	return false;
}

/* Notes have a history of their own; what is new of it becomes one commit. */
static void mend_note(struct check_run *run, const struct place *p, const struct check_item *item,
		      struct buf *out)
{
	const char *ref = p->source->ref;
	git_oid base;

	if (item->path) {
		buf_adds(out, "git notes --ref=");
		quote(ref, out);
		buf_adds(out, " edit ");
		for (const char *s = item->path; *s; s++)	/* folders of two digits */
			if (*s != '/')
				buf_addc(out, *s);
		buf_addc(out, '\n');
	}
	buf_adds(out, "git update-ref ");
	quote(ref, out);
	buf_adds(out, " $(git commit-tree -m notes ");
	if (notes_base(run, item->commit, &base))
		buf_addf(out, "-p %.*s ", SHORT, git_oid_tostr_s(&base));
	quote(ref, out);
	buf_adds(out, ":)");
}

static void mend_tag(struct check_run *run, const struct check_item *item, int line,
		     struct buf *out)
{
	git_tag *tag = NULL;
	bool renamed;

	if (git_tag_lookup(&tag, run->repo, item->commit) < 0)
		return;
	renamed = (strstr(item->part, "name") && line == TAG_NAME_LINE) || is_option(git_tag_name(tag));
	buf_adds(out, renamed ? "git tag -a NEW " : "git tag -f -a ");
	if (!renamed) {
		quote(git_tag_name(tag), out);
		buf_addc(out, ' ');
	}
	buf_addf(out, "%.*s", SHORT, git_oid_tostr_s(git_tag_target_id(tag)));
	if (renamed)
		delete_tag(git_tag_name(tag), out);
	git_tag_free(tag);
}

static void mend_name(const struct check_run *run, const struct range_ref *ref, struct buf *out)
{
	static const char branches[] = "refs/heads/", tags[] = "refs/tags/";
	bool same = strcmp(ref->local_name, ref->remote_name) == 0;

	if (same && begins(ref->local_name, branches)) {
		rename_branch(ref->local_name + strlen(branches), out);
	} else if (same && begins(ref->local_name, tags)) {
		buf_addf(out, "git tag NEW %.*s", SHORT, git_oid_tostr_s(&ref->local));
		delete_tag(ref->local_name + strlen(tags), out);
	} else {
		buf_adds(out, "git push ");
		quote(run->remote ? run->remote : "origin", out);
		buf_addc(out, ' ');
		quote(ref->local_name, out);
		buf_adds(out, begins(ref->remote_name, tags) ? ":refs/tags/NEW" : ":refs/heads/NEW");
	}
}

/* ---- which of them ------------------------------------------------------------ */

/* A tip that the remote has: another commit on top of it mends its files. */
static void mend_published(struct check_run *run, struct place *p, const struct check_item *item,
			   struct buf *out)
{
	git_oid head;

	if (!mends_a_file(item))
		return;
	if (git_reference_name_to_id(&head, run->repo, "HEAD") < 0 ||
	    !git_oid_equal(&head, item->commit))
		for (size_t i = 0; i < run->n_tips && !p->branch; i++)
			if (git_oid_equal(&run->tips[i].commit, item->commit))
				p->branch = check_tips_branch(&run->tips[i]);
	if (p->branch && is_option(p->branch))
		p->branch = NULL;
	switch_to(p, out);
	buf_adds(out, "# mend the file, then:\ngit commit -am 'Mend it'");
}

static void mend_in_commit(struct check_run *run, struct place *p, const struct check_item *item,
			   struct buf *out)
{
	static const char branches[] = "refs/heads/", notes[] = "refs/notes/";
	const struct check_source *source = check_reach(run, item->commit);

	git_oid_tostr(p->id, sizeof(p->id), item->commit);
	p->source = source;
	if (!source) {
		mend_published(run, p, item, out);
		return;
	}
	if (begins(source->ref, notes)) {
		mend_note(run, p, item, out);
		return;
	}
	p->is_tip = git_oid_equal(&source->commit, item->commit);
	p->detached = !source->is_head && !begins(source->ref, branches);
	if (!p->detached && !source->is_head)
		p->branch = source->ref + strlen(branches);
	if (p->branch && is_option(p->branch)) {
		rename_branch(p->branch, out);
		buf_addc(out, '\n');
		p->branch = "NEW";
	}
	if (p->is_tip)
		mend_tip(p, item, out);
	else
		mend_older(p, item, out);
	if (p->detached)
		move_ref(run, source, out);
}

void check_mend(struct check_run *run, const struct check_item *item, int line, struct buf *out)
{
	struct place place = { 0 };

	if (run->repo && item->commit && item->subject != CHECK_TAG &&
	    git_commit_lookup(&place.commit, run->repo, item->commit) == 0) {
		mend_in_commit(run, &place, item, out);
		git_commit_free(place.commit);
	} else if (run->repo && item->subject == CHECK_TAG) {
		mend_tag(run, item, line, out);
	} else if (item->ref) {
		mend_name(run, item->ref, out);
	} else if (item->subject == CHECK_NAME && !item->commit) {
		buf_adds(out, "mv ");
		quote_path(item->path, out);
		buf_adds(out, " NEW");
	} else if (item->subject == CHECK_BLOB && item->path && *item->path) {
		buf_addf(out, "take it out of %.4000s", item->path);
	}
}
