#include "doctor.h"

#include "lib/base/term.h"
#include "lib/base/utf8.h"
#include "lib/spec/json.h"

#include <string.h>

enum { INDENT = 10 };

static const char *const severities[] = {
	[DOCTOR_NOTE] = "note", [DOCTOR_WARNING] = "warning", [DOCTOR_ERROR] = "error",
};

void doctor_report_summary(const struct doctor_report *r, struct buf *out)
{
	for (int i = DOCTOR_ERROR; i >= DOCTOR_NOTE; i--)
		if (r->count[i])
			buf_addf(out, "%s%zu %s%s", out->len ? ", " : "", r->count[i], severities[i],
				 r->count[i] == 1 ? "" : "s");
	if (!r->count[DOCTOR_ERROR] && !r->count[DOCTOR_WARNING])
		buf_addf(out, "%snothing is wrong", out->len ? "; " : "");
}

/* ---- for people ------------------------------------------------------------------ */

static void put_row(FILE *f, const char *label, const char *text)
{
	fprintf(f, "  %s%-*s%s", term_style(f, TERM_DIM), INDENT - 2, label,
		term_style(f, TERM_PLAIN));
	term_folded(f, text, INDENT);
}

/* Commands are kept as they are, a line each. */
static void put_commands(FILE *f, const char *lines)
{
	for (const char *label = "mend"; *lines; label = "") {
		size_t n = strcspn(lines, "\n");

		fprintf(f, "  %s%-*s%s", term_style(f, TERM_DIM), INDENT - 2, label,
			term_style(f, TERM_PLAIN));
		term_safe(f, lines, n);
		fputc('\n', f);
		lines += n + (lines[n] == '\n');
	}
}

static void put_finding(const struct doctor *d, FILE *f, const struct doctor_finding *x,
			const struct doctor_finding *before)
{
	static const enum term_style styles[] = {
		[DOCTOR_NOTE] = TERM_BOLD, [DOCTOR_WARNING] = TERM_YELLOW, [DOCTOR_ERROR] = TERM_RED,
	};
	const char *label = severities[x->severity];
	struct buf text = BUF_INIT(8192);
	char path[4200];

	fprintf(f, "%s%s:%s ", term_style(f, styles[x->severity]), label, term_style(f, TERM_PLAIN));
	buf_addf(&text, "%s [%s]", x->message, x->rule);
	term_folded(f, buf_str(&text), strlen(label) + 2);
	buf_clear(&text);
	if (x->file) {
		buf_adds(&text, doctor_path(d, x->file, path, sizeof(path)));
		if (x->line)
			buf_addf(&text, ":%d", x->line);
		put_row(f, "where", buf_str(&text));
	}
	if (x->fix && before && before->fix && strcmp(before->fix, x->fix) == 0)
		put_row(f, "mend", "as above");
	else if (x->fix)
		put_commands(f, x->fix);
	fputc('\n', f);
	buf_free(&text);
}

static void put_identity(FILE *f, const struct doctor_identity *who)
{
	struct buf text = BUF_INIT(1024);

	if (who->chosen)
		buf_addf(&text, "%s: %s%s%s%s%s", who->label, chain_name(who->choice.provider),
			 *who->key ? ", key " : "", who->key, *who->account ? ", account " : "",
			 who->account);
	else
		buf_addf(&text, "%s: no credentials", who->label);
	put_row(f, "profile", buf_str(&text));
	buf_free(&text);
}

static void put_place(const struct doctor *d, FILE *f, const struct doctor_place *p)
{
	struct buf text = BUF_INIT(4096);
	char path[4200];

	buf_addf(&text, "%s%s%s", p->name, *p->name ? ", " : "", p->url);
	put_row(f, *p->name ? "remote" : "host", buf_str(&text));
	buf_clear(&text);
	if (p->ours >= 0) {
		const struct doctor_helper *h = &p->helpers[p->ours];

		buf_addf(&text, "%s", h->label);
		if (h->entry->file)
			buf_addf(&text, " (%s)", doctor_path(d, h->entry->file, path, sizeof(path)));
		if (!d->profile)
			buf_addf(&text, ", credentials of profile %s", d->identities[p->identity].label);
		put_row(f, "helper", buf_str(&text));
	}
	buf_free(&text);
}

void doctor_report_text(const struct doctor *d, FILE *f)
{
	const struct doctor_report *r = &d->report;
	const struct doctor_finding *before = NULL;

	for (int severity = DOCTOR_ERROR; severity >= DOCTOR_NOTE; severity--)
		for (size_t i = 0; i < r->n; i++) {
			if ((int)r->v[i].severity != severity)
				continue;
			put_finding(d, f, &r->v[i], before);
			before = &r->v[i];
		}
	fprintf(f, "%slooked at%s\n", term_style(f, TERM_BOLD), term_style(f, TERM_PLAIN));
	if (*d->git_version)
		put_row(f, "git", d->git_version);
	for (size_t i = 0; i < d->identity_count; i++)
		put_identity(f, &d->identities[i]);
	for (size_t i = 0; i < d->place_count; i++)
		put_place(d, f, &d->places[i]);
	if (d->place_count == 0 && d->git_read)
		put_row(f, "remotes", "none of CodeCommit here, and no region that would tell its host");
	if (d->offline)
		put_row(f, "network", "not asked (--offline)");
}

/* ---- JSON ------------------------------------------------------------------------ */

/* A file may have a name, or lines, in any encoding; JSON is UTF-8. Leaves out
 * what is not there. */
static int set(cJSON *o, const char *name, const char *value)
{
	struct buf text = BUF_INIT(1 << 16);
	int rc = 0;

	utf8_add(&text, value ? value : "");
	if (text.failed || (text.len && json_set_string(o, name, buf_str(&text)) < 0))
		rc = -1;
	buf_free(&text);
	return rc;
}

static cJSON *add_object(cJSON *list)
{
	cJSON *o = cJSON_CreateObject();

	if (o && cJSON_AddItemToArray(list, o))
		return o;
	cJSON_Delete(o);
	return NULL;
}

static int json_finding(cJSON *list, const struct doctor_finding *x)
{
	cJSON *o = add_object(list);
	int rc = o ? 0 : -1;

	if (!o)
		return -1;
	rc |= set(o, "check", x->check);
	rc |= set(o, "rule", x->rule);
	rc |= set(o, "severity", severities[x->severity]);
	rc |= set(o, "message", x->message);
	rc |= set(o, "fix", x->fix);
	rc |= set(o, "file", x->file);
	return x->line ? rc | json_set_integer(o, "line", x->line) : rc;
}

static int json_identity(cJSON *list, const struct doctor_identity *who)
{
	cJSON *o = add_object(list);
	int rc = o ? 0 : -1;

	if (!o)
		return -1;
	rc |= set(o, "profile", who->label);
	rc |= set(o, "provider", who->chosen ? chain_name(who->choice.provider) : NULL);
	rc |= set(o, "key", who->key);
	return rc | set(o, "account", who->account);
}

static int json_place(cJSON *list, const struct doctor *d, const struct doctor_place *p)
{
	cJSON *o = add_object(list), *helpers = o ? cJSON_AddArrayToObject(o, "helpers") : NULL;
	int rc = helpers ? 0 : -1;

	if (!helpers)
		return -1;
	rc |= set(o, "name", p->name);
	rc |= set(o, "url", p->url);
	rc |= set(o, "region", p->region);
	rc |= set(o, "profile", d->identities[p->identity].label);
	for (size_t i = 0; i < p->helper_count && rc == 0; i++) {
		cJSON *h = add_object(helpers);

		rc = h ? set(h, "helper", p->helpers[i].label) | set(h, "file", p->helpers[i].entry->file)
		       : -1;
	}
	return rc;
}

static int json_summary(cJSON *o, const struct doctor *d)
{
	cJSON *identities = o ? cJSON_AddArrayToObject(o, "identities") : NULL;
	cJSON *remotes = o ? cJSON_AddArrayToObject(o, "remotes") : NULL;
	int rc = identities && remotes ? 0 : -1;

	if (rc < 0)
		return -1;
	rc |= json_set_integer(o, "errors", (int64_t)d->report.count[DOCTOR_ERROR]);
	rc |= json_set_integer(o, "warnings", (int64_t)d->report.count[DOCTOR_WARNING]);
	rc |= json_set_integer(o, "notes", (int64_t)d->report.count[DOCTOR_NOTE]);
	rc |= json_set_bool(o, "offline", d->offline);
	rc |= set(o, "git", d->git_version);
	for (size_t i = 0; i < d->identity_count; i++)
		rc |= json_identity(identities, &d->identities[i]);
	for (size_t i = 0; i < d->place_count; i++)
		rc |= json_place(remotes, d, &d->places[i]);
	return rc;
}

int doctor_report_json(const struct doctor *d, FILE *f, struct err *err)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = root ? cJSON_AddArrayToObject(root, "findings") : NULL;
	char *text = NULL;
	int rc = list ? 0 : -1;

	for (size_t i = 0; i < d->report.n && rc == 0; i++)
		rc = json_finding(list, &d->report.v[i]);
	if (rc == 0)
		rc = json_summary(cJSON_AddObjectToObject(root, "summary"), d);
	if (rc == 0)
		text = cJSON_PrintUnformatted(root);
	if (text)
		fprintf(f, "%s\n", text);
	rc = text ? 0 : err_set(err, ERR_INTERNAL, "no memory for the report");
	cJSON_free(text);
	cJSON_Delete(root);
	return rc;
}
