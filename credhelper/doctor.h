/*
 * codetrain doctor: what is wrong with this machine's set-up, and the command
 * that mends it. A subject is a file doctor_*.c, a check is a row of the table
 * in doctor.c; a check tells what it finds by doctor_found and has no answer.
 */
#ifndef CODETRAIN_DOCTOR_H
#define CODETRAIN_DOCTOR_H

#include "doctor_gitconfig.h"
#include "lib/aws/awsconfig.h"
#include "lib/aws/chain.h"
#include "lib/aws/region.h"
#include "lib/net/aws.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DOCTOR_PLACES_MAX 16		/* CodeCommit remotes that are looked at */
#define DOCTOR_IDENTITIES_MAX 8
#define DOCTOR_FINDINGS_MAX 1000
#define DOCTOR_FIX_MAX 16384		/* bytes of the commands of one finding */

/* ---- findings -------------------------------------------------------------------- */

enum doctor_severity {
	DOCTOR_NOTE,	/* worth knowing; nothing is to be mended */
	DOCTOR_WARNING,	/* works for now, or not for every tool */
	DOCTOR_ERROR,	/* git or an AWS tool fails, or works as somebody else */
};

/* NULL or 0 is what does not apply. Borrowed when it is told, then owned by the
 * report. Nothing in it is a secret. */
struct doctor_finding {
	enum doctor_severity severity;
	const char *check;	/* "git"; filled in from the table */
	const char *rule;	/* "use-http-path" */
	const char *message;	/* filled in by doctor_found */
	const char *fix;	/* commands, one a line */
	const char *file;
	int line;
};

struct doctor_report {
	struct doctor_finding *v;
	size_t n;
	size_t count[DOCTOR_ERROR + 1];	/* by severity */
	bool failed;			/* no memory for one */
};

/* ---- what is looked at ----------------------------------------------------------- */

enum doctor_transport { DOCTOR_HTTPS, DOCTOR_HTTP, DOCTOR_SSH, DOCTOR_HELPER };

/* A CodeCommit remote, or the host that would be one. */
struct doctor_place {
	char name[128];		/* of the remote; "" when there is none */
	char url[1024];		/* without a password */
	enum doctor_transport transport;
	struct doctor_url parts;	/* of DOCTOR_HTTPS and DOCTOR_HTTP */
	char region[REGION_MAX];	/* "" when the URL does not tell */
	struct doctor_helper helpers[DOCTOR_HELPERS_MAX];
	size_t helper_count;
	int ours;		/* the helper of codetrain that answers first; -1: none */
	int signs;		/* the first that can sign, ours or the AWS CLI's; -1: none */
	char profile[520];	/* whose credentials it uses; "": the chain's own */
	size_t identity;	/* index in identities */
	bool rewritten;		/* by url.*.insteadOf */
};

struct doctor_identity {
	char profile[520];	/* that was named: --profile, of a helper, of a URL; "": the chain's own */
	const char *label;	/* the profile that it comes down to */
	bool chosen;		/* `choice` is there */
	struct chain_choice choice;
	char account[16];	/* "" while not known */
	char key[16];		/* the access key id, shortened */
};

struct doctor {
	/* asked for */
	const char *profile, *remote, *region;
	bool offline;
	/* given */
	const char *(*getenv)(const char *name);
	const char *home;	/* NULL when there is none */
	int64_t now;
	/* found out */
	struct doctor_git git;
	bool git_read;		/* its configuration could be read */
	char git_version[32];	/* "" without git, "unknown" when it only complains */
	char git_exec_path[1024];
	struct awsconfig *config;	/* NULL when a file cannot be parsed */
	char config_path[4096], credentials_path[4096];
	struct doctor_place places[DOCTOR_PLACES_MAX];
	size_t place_count;
	struct doctor_identity identities[DOCTOR_IDENTITIES_MAX];
	size_t identity_count;
	bool cloud9;
	struct doctor_report report;
	const char *check;	/* the subject that is running */
};

/* Finds out, runs every row of the table, and leaves the report. -1 only for
 * what was asked for wrongly (ERR_USAGE) and faults. */
int doctor_run(struct doctor *d, struct err *err);
void doctor_free(struct doctor *d);

/* Tells one finding: `f` with the rule, severity, place and fix. The same once
 * more is dropped. */
void doctor_found(struct doctor *d, const struct doctor_finding *f, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Unset and empty are NULL. */
const char *doctor_env(const struct doctor *d, const char *name);
struct chain_input doctor_chain_input(const struct doctor *d, const struct doctor_identity *who);
/* A property of the profile that decides, or NULL. */
const char *doctor_property(const struct doctor *d, const struct doctor_identity *who,
			    const char *name);
/* "AKIA…0001" */
void doctor_short_key(const char *key, char out[static 16]);
/* A path for people and their shell: "~/x" below HOME, quoted where it must be. */
const char *doctor_path(const struct doctor *d, const char *path, char *out, size_t cap);

/* The file of a program as git or a shell finds it: a path as it is, a name in
 * `first` (a folder, may be "") and on PATH. False: not there, or not to be run. */
bool doctor_which(const struct doctor *d, const char *first, const char *program, char *out,
		  size_t cap);

/* ---- doctor_places.c ------------------------------------------------------------- */

/* Which remotes, their helpers and whose credentials they use. */
int doctor_places(struct doctor *d, struct err *err);

/* ---- the checks ------------------------------------------------------------------ */

typedef void doctor_once(struct doctor *d);
typedef void doctor_for_place(struct doctor *d, struct doctor_place *p);
typedef void doctor_for_identity(struct doctor *d, struct doctor_identity *who);

doctor_once doctor_git_version, doctor_submodules;		/* doctor_git.c */
doctor_for_place doctor_transport_check, doctor_rewritten, doctor_extra_header, doctor_username,
	doctor_tls;
doctor_for_place doctor_helper_list, doctor_helper_program, doctor_use_http_path; /* doctor_helpers.c */
doctor_for_place doctor_remote_program;
doctor_once doctor_stored_passwords;				/* doctor_stored.c */
doctor_once doctor_config_files, doctor_config_lines;		/* doctor_files.c */
doctor_once doctor_environment;					/* doctor_identity.c */
doctor_for_identity doctor_profile, doctor_shadowed, doctor_keys, doctor_pins;
bool doctor_on_cloud9(const struct doctor *d);			/* doctor_cloud9.c */
doctor_for_identity doctor_cloud9;
doctor_for_identity doctor_sso;					/* doctor_sso.c */
doctor_for_identity doctor_source;				/* doctor_source.c */
doctor_once doctor_endpoints, doctor_ca;			/* doctor_network.c */
doctor_for_identity doctor_account;
doctor_for_place doctor_reach;
doctor_for_identity doctor_keyring;				/* doctor_keyring.c */
doctor_once doctor_session_cache;

/* ---- doctor_report.c ------------------------------------------------------------- */

void doctor_report_text(const struct doctor *d, FILE *f);
int doctor_report_json(const struct doctor *d, FILE *f, struct err *err);
/* "1 error, 2 warnings" or "nothing wrong". */
void doctor_report_summary(const struct doctor_report *r, struct buf *out);
void doctor_report_free(struct doctor_report *r);

#endif
