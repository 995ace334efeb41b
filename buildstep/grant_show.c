#include "grant_show.h"

#include "lib/base/buf.h"
#include "lib/base/term.h"
#include "policy.h"

#include <string.h>

enum { COLUMNS = 80 };

static const struct {
	char sign;
	const char *name;
	enum term_style style;
} marks[] = {
	[POLICY_SAME] = { '=', "same", TERM_DIM },
	[POLICY_ADDED] = { '+', "add", TERM_GREEN },
	[POLICY_CHANGED] = { '~', "change", TERM_YELLOW },
};

int grant_show_changes(const struct grant_document *d, const cJSON *live)
{
	int n = 0;

	for (size_t i = 0; i < json_count(d->wanted, "Statement"); i++)
		n += policy_compare(live, json_at(d->wanted, "Statement", i)) != POLICY_SAME;
	return n;
}

/* What an ARN names: all behind its account. */
static const char *short_name(const char *arn)
{
	const char *rest = arn;

	if (strncmp(arn, "arn:", 4) != 0)
		return arn;
	for (int i = 0; i < 5 && rest; i++) {
		rest = strchr(rest, ':');
		rest = rest ? rest + 1 : NULL;
	}
	return rest ? rest : arn;
}

/* "a +2": the first, and how many more */
static void add_list(struct buf *b, const cJSON *list)
{
	size_t n = json_count(list, "");

	buf_adds(b, short_name(json_string(json_at(list, "", 0), "", "")));
	if (n > 1)
		buf_addf(b, " +%zu", n - 1);
}

/* "s3:GetObject on bucket/output/iris for role/x" */
static void describe(const cJSON *s, struct buf *b)
{
	const cJSON *principal = json_get(s, "Principal");

	if (json_get(s, "Value")) {
		buf_adds(b, json_string(s, "Value", ""));
		return;
	}
	add_list(b, json_get(s, "Action"));
	if (json_get(s, "Resource")) {
		buf_adds(b, " on ");
		add_list(b, json_get(s, "Resource"));
	}
	if (cJSON_IsObject(principal) && principal->child) {
		buf_adds(b, " for ");
		add_list(b, principal->child);
	}
}

void grant_show_text(const struct grant_document *d, const cJSON *live, FILE *out)
{
	size_t foreign = policy_foreign(live, d->wanted);
	struct buf b = BUF_INIT(16 << 10);

	fprintf(out, "%s%s: %s %s %s%s%s\n", term_style(out, TERM_BOLD), d->account->name,
		d->kind->service, d->kind->what, d->name, term_style(out, TERM_PLAIN),
		live ? "" : " (new)");
	for (size_t i = 0; i < json_count(d->wanted, "Statement"); i++) {
		const cJSON *s = json_at(d->wanted, "Statement", i);
		enum policy_change change = policy_compare(live, s);
		int cut;

		buf_clear(&b);
		buf_addf(&b, "%c %s: ", marks[change].sign, json_string(s, "Sid", ""));
		describe(s, &b);
		cut = b.len > COLUMNS - 2;
		fprintf(out, "  %s%.*s%s%s\n", term_style(out, marks[change].style),
			cut ? COLUMNS - 5 : COLUMNS, buf_str(&b), cut ? "..." : "",
			term_style(out, TERM_PLAIN));
	}
	if (foreign)
		fprintf(out, "    and %zu statement%s of others, which stay%s\n", foreign,
			foreign == 1 ? "" : "s", foreign == 1 ? "s" : "");
	buf_free(&b);
}

cJSON *grant_show_json(const struct grant_document *d, const cJSON *live, bool applied)
{
	cJSON *o = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(o, "statements");
	bool good = json_set_string(o, "account", d->account->name) == 0 &&
		    json_set_string(o, "id", d->account->id) == 0 &&
		    json_set_string(o, "service", d->kind->service) == 0 &&
		    json_set_string(o, "kind", d->kind->what) == 0 &&
		    json_set_string(o, "name", d->name) == 0 &&
		    json_set_integer(o, "foreign", (int64_t)policy_foreign(live, d->wanted)) == 0 &&
		    json_set_bool(o, "applied", applied) == 0;

	for (size_t i = 0; good && i < json_count(d->wanted, "Statement"); i++) {
		const cJSON *s = json_at(d->wanted, "Statement", i);
		cJSON *line = cJSON_CreateObject();

		good = cJSON_AddItemToArray(list, line) &&
		       json_set_string(line, "sid", json_string(s, "Sid", "")) == 0 &&
		       json_set_string(line, "change", marks[policy_compare(live, s)].name) == 0;
	}
	if (!good) {
		json_free(o);
		return NULL;
	}
	return o;
}
