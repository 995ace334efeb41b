#include "doctor.h"
#include "doctor_child.h"
#include "lib/base/encode.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* One row per check, in the order in which people read what they find. Of the
 * three functions a row has one; `online` ones are left out with --offline. */
static const struct {
	const char *check;	/* the subject, in reports */
	doctor_once *once;
	doctor_for_place *place;
	doctor_for_identity *identity;
	bool online;
} checks[] = {
	{ "git", doctor_git_version, NULL, NULL, false },
	{ "git", NULL, doctor_transport_check, NULL, false },
	{ "git", NULL, doctor_helper_list, NULL, false },
	{ "git", NULL, doctor_helper_program, NULL, false },
	{ "git", NULL, doctor_use_http_path, NULL, false },
	{ "git", doctor_stored_passwords, NULL, NULL, false },
	{ "git", NULL, doctor_remote_program, NULL, false },
	{ "git", doctor_submodules, NULL, NULL, false },
	{ "git", NULL, doctor_rewritten, NULL, false },
	{ "git", NULL, doctor_extra_header, NULL, false },
	{ "git", NULL, doctor_username, NULL, false },
	{ "git", NULL, doctor_tls, NULL, false },
	{ "config", doctor_config_files, NULL, NULL, false },
	{ "config", doctor_config_lines, NULL, NULL, false },
	{ "identity", doctor_environment, NULL, NULL, false },
	{ "identity", NULL, NULL, doctor_profile, false },
	{ "identity", NULL, NULL, doctor_cloud9, false },
	{ "identity", NULL, NULL, doctor_shadowed, false },
	{ "identity", NULL, NULL, doctor_keys, false },
	{ "identity", NULL, NULL, doctor_source, false },
	{ "identity", NULL, NULL, doctor_sso, false },
	{ "keyring", NULL, NULL, doctor_keyring, false },
	{ "keyring", doctor_session_cache, NULL, NULL, false },
	{ "network", doctor_endpoints, NULL, NULL, false },
	{ "network", doctor_ca, NULL, NULL, false },
	{ "network", NULL, NULL, doctor_account, true },
	{ "network", NULL, doctor_reach, NULL, true },
	{ "identity", NULL, NULL, doctor_pins, false },
};

/* ---- telling --------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool known(const struct doctor_report *r, const struct doctor_finding *f)
{
	for (size_t i = 0; i < r->n; i++)
		if (same(r->v[i].rule, f->rule) && same(r->v[i].message, f->message) &&
		    same(r->v[i].file, f->file) && r->v[i].line == f->line)
			return true;
	return false;
}

/* A copy, or NULL of NULL; sets `failed` when there is no memory. */
static const char *copy(const char *s, bool *failed)
{
	char *c = s ? strdup(s) : NULL;

	*failed |= s && !c;
	return c;
}

static void keep(struct doctor_report *r, const struct doctor_finding *f)
{
	struct doctor_finding *v, own = *f;

	if (r->failed || r->n == DOCTOR_FINDINGS_MAX || known(r, f))
		return;
	v = realloc(r->v, (r->n + 1) * sizeof(*v));
	if (!v) {
		r->failed = true;
		return;
	}
	r->v = v;
	own.message = copy(f->message, &r->failed);
	own.fix = copy(f->fix, &r->failed);
	own.file = copy(f->file, &r->failed);
	r->v[r->n++] = own;
	r->count[f->severity]++;
}

void doctor_found(struct doctor *d, const struct doctor_finding *f, const char *fmt, ...)
{
	struct doctor_finding told = *f;
	struct err text;
	va_list ap;

	va_start(ap, fmt);
	err_vset(&text, ERR_NONE, fmt, ap);
	va_end(ap);
	told.check = d->check;
	told.message = text.message;
	if (told.fix && !*told.fix)
		told.fix = NULL;
	keep(&d->report, &told);
}

void doctor_report_free(struct doctor_report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		free((char *)r->v[i].message);
		free((char *)r->v[i].fix);
		free((char *)r->v[i].file);
	}
	free(r->v);
	*r = (struct doctor_report){ 0 };
}

/* ---- what the checks share ------------------------------------------------------- */

const char *doctor_env(const struct doctor *d, const char *name)
{
	const char *value = d->getenv(name);

	return value && *value ? value : NULL;
}

struct chain_input doctor_chain_input(const struct doctor *d, const struct doctor_identity *who)
{
	return (struct chain_input){
		.getenv = d->getenv,
		.config = d->config,
		.profile = *who->profile ? who->profile : NULL,
		.now = d->now,
	};
}

const char *doctor_property(const struct doctor *d, const struct doctor_identity *who,
			    const char *name)
{
	struct awsconfig_value value;

	if (d->config && awsconfig_get(d->config, who->label, name, &value) && *value.value)
		return value.value;
	return NULL;
}

void doctor_short_key(const char *key, char out[static 16])
{
	size_t n = strlen(key);

	if (n < 12)
		snprintf(out, 16, "(odd)");
	else
		snprintf(out, 16, "%.4s…%s", key, key + n - 4);
}

const char *doctor_path(const struct doctor *d, const char *path, char *out, size_t cap)
{
	size_t n = d->home ? strlen(d->home) : 0;
	struct buf word = BUF_INIT(8192);

	if (n > 1 && strncmp(path, d->home, n) == 0 && path[n] == '/') {
		buf_adds(&word, "~/");
		path += n + 1;
	}
	encode_shell(path, &word);
	snprintf(out, cap, "%s", buf_str(&word));
	buf_free(&word);
	return out;
}

static bool runs(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

bool doctor_which(const struct doctor *d, const char *first, const char *program, char *out,
		  size_t cap)
{
	const char *path = doctor_env(d, "PATH");

	if (strchr(program, '/')) {
		snprintf(out, cap, "%s", program);
		return runs(out);
	}
	snprintf(out, cap, "%s/%s", first, program);
	if (*first && runs(out))
		return true;
	while (path && *path) {
		size_t n = strcspn(path, ":");

		snprintf(out, cap, "%.*s/%s", n ? (int)n : 1, n ? path : ".", program);
		if (runs(out))
			return true;
		path += n + (path[n] == ':');
	}
	*out = '\0';
	return false;
}

/* ---- the run --------------------------------------------------------------------- */

static void set_path(const struct doctor *d, const char *variable, const char *below, char *out,
		     size_t cap)
{
	const char *given = doctor_env(d, variable);

	if (!given)
		snprintf(out, cap, "%s/.aws/%s", d->home ? d->home : "~", below);
	else if (given[0] == '~' && given[1] == '/' && d->home)
		snprintf(out, cap, "%s%s", d->home, given + 1);
	else
		snprintf(out, cap, "%s", given);
}

/* A file that cannot be read is for doctor_config_files and _lines to tell. */
static void load_config(struct doctor *d)
{
	struct err unread;

	set_path(d, "AWS_CONFIG_FILE", "config", d->config_path, sizeof(d->config_path));
	set_path(d, "AWS_SHARED_CREDENTIALS_FILE", "credentials", d->credentials_path,
		 sizeof(d->credentials_path));
	d->config = awsconfig_load(doctor_env(d, "AWS_CONFIG_FILE"),
				   doctor_env(d, "AWS_SHARED_CREDENTIALS_FILE"), d->home, &unread);
}

/* What follows "git version" in its answer. False when there is no git. */
static bool ask_git(const char *option, char *out, size_t cap)
{
	const char *const argv[] = { "git", option, NULL };
	struct buf text = BUF_INIT(4096);
	struct err unstarted;
	int rc = doctor_child(argv, &text, NULL, &unstarted);
	const char *s = buf_str(&text);

	*out = '\0';
	if (rc == 0) {
		s += strncmp(s, "git version ", 12) == 0 ? 12 : 0;
		snprintf(out, cap, "%.*s", (int)strcspn(s, " \n"), s);
	}
	buf_free(&text);
	return rc >= 0;
}

/* Its version, its folder and its configuration. */
static void load_git(struct doctor *d)
{
	struct doctor_finding f = { .rule = "git-config", .severity = DOCTOR_ERROR };
	struct err unread;

	if (!ask_git("--version", d->git_version, sizeof(d->git_version)))
		return;
	if (!*d->git_version)
		snprintf(d->git_version, sizeof(d->git_version), "unknown");
	ask_git("--exec-path", d->git_exec_path, sizeof(d->git_exec_path));
	d->check = "git";
	d->git_read = doctor_git_read(&d->git, &unread) == 0;
	if (!d->git_read)
		doctor_found(d, &f, "%s", unread.message);
}

static void run_row(struct doctor *d, size_t row)
{
	if (checks[row].online && d->offline)
		return;
	d->check = checks[row].check;
	if (checks[row].once)
		checks[row].once(d);
	for (size_t i = 0; checks[row].place && i < d->place_count; i++)
		checks[row].place(d, &d->places[i]);
	for (size_t i = 0; checks[row].identity && i < d->identity_count; i++)
		checks[row].identity(d, &d->identities[i]);
}

int doctor_run(struct doctor *d, struct err *err)
{
	d->cloud9 = doctor_on_cloud9(d);
	load_config(d);
	load_git(d);
	if (doctor_places(d, err) < 0)
		return -1;
	for (size_t i = 0; i < sizeof(checks) / sizeof(*checks); i++)
		run_row(d, i);
	return d->report.failed ? err_set(err, ERR_INTERNAL, "no memory for a finding") : 0;
}

void doctor_free(struct doctor *d)
{
	doctor_git_free(&d->git);
	awsconfig_free(d->config);
	doctor_report_free(&d->report);
}
