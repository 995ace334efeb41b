#include "report.h"
#include "lib/base/utf8.h"

#include <cjson/cJSON.h>

enum { MEMBER_MAX = 1 << 18 };

/* Paths and messages of git may hold any bytes. */
static int add_member(cJSON *object, const char *name, const char *value)
{
	struct buf text = BUF_INIT(MEMBER_MAX);
	int rc = value ? utf8_add(&text, value) : 0;

	if (rc == 0 && value && !cJSON_AddStringToObject(object, name, buf_str(&text)))
		rc = -1;
	buf_free(&text);
	return rc;
}

static int json_finding(cJSON *list, const struct report_finding *x)
{
	cJSON *o = cJSON_CreateObject();
	struct buf message = BUF_INIT(1 << 17), fix = BUF_INIT(1 << 17);
	int rc = 0;

	if (!o || !cJSON_AddItemToArray(list, o)) {
		cJSON_Delete(o);
		return -1;
	}
	buf_adds(&message, x->message);
	if (x->allow)
		buf_addf(&message, "; if it is no secret, commit to .codetrain: "
				   "[codetrain \"allow\"] sha256 = %s", x->allow);
	rc |= add_member(o, "check", x->check);
	rc |= add_member(o, "rule", x->rule);
	rc |= add_member(o, "severity", x->warning ? "warning" : "error");
	rc |= add_member(o, "message", buf_str(&message));
	buf_adds(&fix, x->fix ? x->fix : "");
	if (x->rotate)
		buf_addf(&fix, "%s# rotate it: %s", fix.len ? "\n" : "", x->rotate);
	rc |= add_member(o, "fix", fix.len ? buf_str(&fix) : NULL);
	rc |= add_member(o, "commit", x->commit);
	rc |= add_member(o, "file", x->file);
	if (x->line)
		rc |= cJSON_AddNumberToObject(o, "line", x->line) ? 0 : -1;
	if (x->line && x->column)
		rc |= cJSON_AddNumberToObject(o, "column", x->column) ? 0 : -1;
	rc |= add_member(o, "pointer", x->pointer);
	buf_free(&message);
	buf_free(&fix);
	return rc;
}

static int json_summary(cJSON *o, const struct report *r)
{
	const struct {
		const char *name;
		double value;
	} members[] = {
		{ "errors", (double)r->errors },   { "warnings", (double)r->warnings },
		{ "refs", (double)r->refs },	   { "commits", (double)r->commits },
		{ "blobs", (double)r->files },	   { "bytes", (double)r->bytes },
		{ "missing", (double)r->missing },
	};

	for (size_t i = 0; o && i < sizeof(members) / sizeof(*members); i++)
		if (!cJSON_AddNumberToObject(o, members[i].name, members[i].value))
			return -1;
	return o ? 0 : -1;
}

int report_json(const struct report *r, FILE *f, struct err *err)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = root ? cJSON_AddArrayToObject(root, "findings") : NULL;
	char *text = NULL;
	int rc = list ? 0 : -1;

	for (size_t i = 0; i < r->n && rc == 0; i++)
		rc = json_finding(list, &r->v[i]);
	if (rc == 0)
		rc = json_summary(cJSON_AddObjectToObject(root, "summary"), r);
	if (rc == 0)
		text = cJSON_PrintUnformatted(root);
	if (text)
		fprintf(f, "%s\n", text);
	rc = text ? 0 : err_set(err, ERR_INTERNAL, "no memory for the report");
	cJSON_free(text);
	cJSON_Delete(root);
	return rc;
}
