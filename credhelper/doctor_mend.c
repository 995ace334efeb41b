#include "doctor_mend.h"
#include "lib/base/encode.h"

#include <string.h>

enum rank { SYSTEM, GLOBAL, LOCAL, WORKTREE, COMMAND };

static enum rank rank_of(const struct doctor_git_entry *e)
{
	static const char *const scopes[] = { "system", "global", "local", "worktree" };

	for (size_t i = 0; i < sizeof(scopes) / sizeof(*scopes); i++)
		if (strcmp(scopes[i], e->scope) == 0)
			return (enum rank)i;
	return COMMAND;
}

static const char *scope_command(enum rank rank)
{
	return rank == LOCAL ? "git config " :
	       rank == WORKTREE ? "git config --worktree " : "git config --global ";
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

void doctor_mend_command(const struct doctor *d, const struct doctor_git_entry *e, struct buf *out)
{
	const char *file = e->file ? e->file : "";
	char path[4096];

	doctor_path(d, file, path, sizeof(path));
	if (rank_of(e) == GLOBAL && strcmp(path, "~/.gitconfig") == 0)
		buf_adds(out, "git config --global ");
	else if (rank_of(e) == LOCAL && ends_with(file, ".git/config"))
		buf_adds(out, "git config ");
	else if (rank_of(e) == SYSTEM)
		buf_addf(out, "sudo git config --file %s ", path);
	else
		buf_addf(out, "git config --file %s ", path);
}

/* "https://HOST[:PORT]" */
static void base_url(const struct doctor_place *p, char *out, size_t cap)
{
	snprintf(out, cap, "%s://%s%s%s", p->parts.scheme, p->parts.host, *p->parts.port ? ":" : "",
		 p->parts.port);
}

/* The key of that name, or the section. */
static void add_key(struct buf *out, const char *base, const char *name)
{
	char key[600];

	snprintf(key, sizeof(key), "credential.%s%s%s", base, name ? "." : "", name ? name : "");
	encode_shell(key, out);
}

/* Is there already a section of this host where it would be written? */
static bool has_section(const struct doctor *d, const char *base, enum rank rank)
{
	char prefix[600];
	size_t n = (size_t)snprintf(prefix, sizeof(prefix), "credential.%s.", base);

	for (size_t i = 0; i < d->git.n; i++)
		if (rank_of(&d->git.entries[i]) == rank &&
		    strncmp(d->git.entries[i].key, prefix, n) == 0)
			return true;
	return false;
}

/* The value for credential.*.helper: ours as it is, or a new one with the profile. */
static void add_value(const struct doctor_place *p, struct buf *out)
{
	struct buf value = BUF_INIT(2048);

	if (p->ours >= 0 && !p->helpers[p->ours].shell) {
		buf_adds(&value, p->helpers[p->ours].entry->value);
	} else {
		buf_adds(&value, "codecommit");
		if (*p->profile) {
			buf_adds(&value, " --profile ");
			encode_shell(p->profile, &value);
		}
	}
	encode_shell(buf_str(&value), out);
	buf_free(&value);
}

static bool goes(const struct doctor_helper *h)
{
	return h->any_host && (h->kind == DOCTOR_AWS_CLI || h->kind == DOCTOR_OURS);
}

/* Takes away what is for all hosts and means CodeCommit alone, each key of a
 * file once. */
static void remove_general(const struct doctor *d, const struct doctor_place *p, struct buf *out)
{
	char pattern[DOCTOR_PATTERN_MAX];
	const struct doctor_git_entry *path;
	bool removed = false;

	for (size_t i = 0; i < p->helper_count; i++) {
		const struct doctor_helper *h = &p->helpers[i];
		bool again = false;

		for (size_t k = 0; k < i && goes(h); k++)
			again |= goes(&p->helpers[k]) && p->helpers[k].entry->file && h->entry->file &&
				 strcmp(p->helpers[k].entry->file, h->entry->file) == 0;
		if (!goes(h) || again)
			continue;
		doctor_mend_command(d, h->entry, out);
		buf_adds(out, "--unset-all ");
		encode_shell(h->entry->key, out);
		buf_adds(out, " codecommit\n");
		removed = true;
	}
	path = doctor_git_winner(&d->git, "credential", "usehttppath", &p->parts, pattern);
	if (!removed || !path || *pattern || rank_of(path) == COMMAND)
		return;
	doctor_mend_command(d, path, out);
	buf_adds(out, "--unset-all credential.useHttpPath\n");
}

void doctor_mend_helpers(const struct doctor *d, const struct doctor_place *p, struct buf *out)
{
	enum rank rank = GLOBAL;
	bool others = false;
	char base[300];

	for (size_t i = 0; i < p->helper_count; i++) {
		const struct doctor_helper *h = &p->helpers[i];

		if (rank_of(h->entry) > rank)
			rank = rank_of(h->entry);
		others |= !goes(h) && h->kind != DOCTOR_OURS;
	}
	if (rank == COMMAND)
		return;
	base_url(p, base, sizeof(base));
	remove_general(d, p, out);
	if (has_section(d, base, rank)) {
		buf_addf(out, "%s--remove-section ", scope_command(rank));
		add_key(out, base, NULL);
		buf_addc(out, '\n');
	}
	for (int reset = others; reset >= 0; reset--) {
		buf_addf(out, "%s--add ", scope_command(rank));
		add_key(out, base, "helper");
		buf_addc(out, ' ');
		if (reset)
			encode_shell("", out);
		else
			add_value(p, out);
		buf_addc(out, '\n');
	}
	buf_addf(out, "%s", scope_command(rank));
	add_key(out, base, "useHttpPath");
	buf_adds(out, " true");
}

void doctor_mend_path(const struct doctor *d, const struct doctor_place *p,
		      const struct doctor_git_entry *wins, const char *pattern, struct buf *out)
{
	enum rank rank = rank_of(p->helpers[p->ours].entry);
	char base[300];

	if (rank == COMMAND || (wins && rank_of(wins) == COMMAND))
		return;
	if (wins) {
		doctor_mend_command(d, wins, out);
		if (*pattern) {
			encode_shell(wins->key, out);
			buf_adds(out, " true");
			return;
		}
		buf_adds(out, "--unset-all credential.useHttpPath\n");
	}
	base_url(p, base, sizeof(base));
	buf_adds(out, scope_command(rank));
	add_key(out, base, "useHttpPath");
	buf_adds(out, " true");
}
