/*
 * The checks of a push: a table of rows, and what runs them.
 *
 * A row names the type that --type knows, what it looks at, and a function. A
 * new check is one file with such a function and one row in check_table.c.
 */
#ifndef CODETRAIN_CHECK_H
#define CODETRAIN_CHECK_H

#include "check_policy.h"
#include "report.h"
#include "hooks/objects/range.h"
#include "hooks/secrets/scan.h"
#include "lib/base/err.h"
#include "lib/base/strs.h"

#include <git2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define CHECK_FILE_SIZE_MAX (2ULL << 30)	/* CodeCommit's; a larger file is not read */
#define CHECK_REFS_MAX 4000			/* CodeCommit's, in one push */
#define CHECK_BRANCH_MAX 256			/* CodeCommit's, characters */
#define CHECK_PATH_MAX 4096			/* CodeCommit's, characters */

/* What a row looks at, and what an item of it has. */
enum check_subject {
	CHECK_PUSH,	/* once for the push: run->range.refs */
	CHECK_COMMIT,	/* each new commit: data is its header or its message */
	CHECK_TAG,	/* each new tag: data is its header or its message */
	CHECK_NAME,	/* each new path */
	CHECK_SIZE,	/* each new blob before it is read: size */
	CHECK_BLOB,	/* each new blob: data */
	CHECK_FILE,	/* the file `path` at each tip that is pushed: data */
	CHECK_TIP,	/* each tip that is pushed: commit */
};

struct check_item {
	enum check_subject subject;
	const git_oid *commit;	/* or tag; NULL outside git */
	const git_oid *blob;	/* NULL outside git */
	const char *path;
	const char *part;	/* "commit message", when it is no file */
	const char *data;	/* not NUL-terminated */
	size_t len;
	const struct span *changed;	/* of a blob; see scan_text */
	size_t n_changed;
	const char *const *paths;	/* all of a blob; NULL: `path` is the only one */
	size_t n_paths;
	unsigned long long size;
	unsigned mode;
	size_t order;		/* of blobs: findings are told in this order */
	struct scanner *scanner;	/* of the thread; NULL: the run's */
	bool named;		/* a file of the command line: one chosen type looks at any name */
	struct span value;	/* of a finding in `data`: the secret; len 0: none */
	const struct range_ref *ref;	/* CHECK_PUSH: the one that this is about; NULL: all */
};

/* A commit that is pushed. */
struct check_tip {
	git_oid object;		/* the commit, or a tag of it */
	git_oid commit;
	char *ref;		/* the local ref; NULL: something else */
};

struct check_run {
	git_repository *repo;		/* NULL: plain files */
	git_odb *odb;
	struct range range;
	const struct strs *types;	/* the chosen ones; NULL or empty: all */
	const char *remote, *url;	/* of a push; NULL otherwise */
	struct check_policy policy;
	struct report *report;
	struct rules merged;		/* the embedded rules and a team's; empty: the embedded */
	bool no_rules;			/* the policy leaves none: no value is a secret */
	struct scan_rules *rules;
	struct scanner *scanner;
	pthread_mutex_t lock;		/* of what findings touch: the members below, range */
	struct check_known *known;	/* what the remote has of one file (check_published.c) */
	struct scanner *redactor;	/* for what findings quote */
	struct check_redacted *redacted; /* what it was given last (check_redact.c) */
	atomic_bool partly;		/* not every value was told */
	struct check_reach *reach;	/* which commits can be reached from where (check_reach.c) */
	struct check_tip *tips;
	size_t n_tips;
	struct strs specs;		/* changed paths that a CHECK_FILE row may want */
};

typedef int check_fn(struct check_run *run, const struct check_item *item, struct err *err);

struct check {
	const char *type;
	enum check_subject subject;
	const char *file;	/* CHECK_FILE: its name without folders, or "@(PATTERN|...ml)" */
	check_fn *fn;
};

extern const struct check check_table[];	/* ends with a NULL type */

/* ERR_USAGE when there is no such type; the message lists all. */
int check_known_type(const char *type, struct err *err);

/* Whether a CHECK_FILE row looks at files of this name. */
bool check_is_file(const struct check *check, const char *path);

/* Runs every row of this subject (and file) that was chosen. */
int check_item(struct check_run *run, const struct check_item *item, struct err *err);

/* ERR_USAGE for a type that looks at commits alone. */
int check_takes_files(const char *type, struct err *err);

/* The chosen types, for a report; `files`: those that take files. Ends with NULL. */
void check_types(const struct check_run *run, bool files, const char *out[REPORT_CHECKS_MAX]);

/* Whether a row of this subject was chosen. */
bool check_wants(const struct check_run *run, enum check_subject subject);

/* Everything between range.tips and range.hidden, and the files at the tips. */
int check_repository(struct check_run *run, struct err *err);

/* Plain files and folders; `.git` is left out. */
int check_files(struct check_run *run, const struct strs *paths, struct err *err);

/* Adds a finding about an item, from any thread: fills commit, subject, file and the commands
 * that mend it (unless finding->fix is set), and redacts what they quote. */
int check_found(struct check_run *run, const struct check_item *item,
		struct report_finding *finding, struct err *err);

/* Whether the remote has a secret already: the whole blob (under any name), or
 * the value in an older version of the file. From any thread. */
enum check_published { CHECK_NEW, CHECK_SAME_FILE, CHECK_SAME_VALUE };
int check_published(struct check_run *run, const struct check_item *item, const char *sha256,
		    enum check_published *out, struct err *err);
void check_published_free(struct check_run *run);

/* Once all of a history was looked at: warns of allowances that nothing needs. */
int check_secrets_stale(struct check_run *run, struct err *err);

/* Ready to read the policy of what is checked: that of the machine is read. `repo`
 * may be NULL and is borrowed, as is the report. */
int check_open(struct check_run *run, git_repository *repo, struct report *report,
	       struct err *err);
void check_close(struct check_run *run);

/* The rows' functions. */
check_fn check_secrets, check_secrets_size, check_secrets_refs;
check_fn check_size_refs, check_size_path, check_size_file;
check_fn check_spec_training_job, check_spec_model, check_buildspec;
check_fn check_container, check_remote;

#endif
