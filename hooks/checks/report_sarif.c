#include "report.h"
#include "lib/base/encode.h"
#include "lib/base/opt.h"
#include "lib/base/utf8.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBER_MAX = 1 << 18, URI_MAX = 1 << 17 };

static cJSON *add(cJSON *o, const char *name, cJSON *value)
{
	if (o && value && cJSON_AddItemToObject(o, name, value))
		return value;
	cJSON_Delete(value);
	return NULL;
}

static cJSON *append(cJSON *list)
{
	cJSON *o = cJSON_CreateObject();

	if (list && o && cJSON_AddItemToArray(list, o))
		return o;
	cJSON_Delete(o);
	return NULL;
}

/* 0 also when there is no value. */
static int set(cJSON *o, const char *name, const char *value)
{
	struct buf text = BUF_INIT(MEMBER_MAX);
	int rc = value ? utf8_add(&text, value) : 0;

	if (rc == 0 && value && !add(o, name, cJSON_CreateString(buf_str(&text))))
		rc = -1;
	buf_free(&text);
	return rc;
}

/* {"text": ...} */
static int set_text(cJSON *o, const char *name, const char *text)
{
	cJSON *message = add(o, name, cJSON_CreateObject());

	return message ? set(message, "text", text) : -1;
}

static const char *level(const struct report_finding *f)
{
	return f->warning ? "warning" : "error";
}

/* ---- rules -------------------------------------------------------------------- */

/* The rules that have findings, each once: the index of its first finding. */
struct used {
	size_t *v, n;
};

static size_t rule_index(const struct report *r, const struct used *used, const char *rule)
{
	size_t i = 0;

	while (i < used->n && strcmp(r->v[used->v[i]].rule, rule) != 0)
		i++;
	return i;
}

static int add_rule(cJSON *rules, const struct report_finding *f)
{
	struct buf about = BUF_INIT(MEMBER_MAX), help = BUF_INIT(MEMBER_MAX);
	cJSON *o = append(rules), *properties, *tags, *tag, *configuration;
	int rc = 0;

	if (f->help)
		buf_adds(&about, f->help);
	else
		buf_addf(&about, "%s: %s", f->check, f->rule);
	buf_addf(&help, "%s. ", buf_str(&about));
	if (f->rotate)
		buf_addf(&help, "When it is real, make it useless: %s. ", f->rotate);
	if (f->allow)
		buf_adds(&help, "When it is no secret, allow it by its SHA-256 in .codetrain. ");
	buf_addf(&help, "See the page codetrain-pre-push(1), \"%s\".", f->check);
	rc |= set(o, "id", f->rule);
	rc |= set_text(o, "shortDescription", buf_str(&about));
	rc |= set_text(o, "help", buf_str(&help));
	configuration = add(o, "defaultConfiguration", cJSON_CreateObject());
	rc |= set(configuration, "level", level(f));
	properties = add(o, "properties", cJSON_CreateObject());
	tags = add(properties, "tags", cJSON_CreateArray());
	tag = cJSON_CreateString(f->check);
	if (!configuration || !tags || !tag || !cJSON_AddItemToArray(tags, tag)) {
		cJSON_Delete(tag);
		rc = -1;
	}
	buf_free(&about);
	buf_free(&help);
	return rc;
}

static int add_rules(cJSON *driver, const struct report *r, struct used *used)
{
	cJSON *rules = add(driver, "rules", cJSON_CreateArray());

	used->v = calloc(r->n + 1, sizeof(*used->v));
	if (!rules || !used->v)
		return -1;
	for (size_t i = 0; i < r->n; i++) {
		if (rule_index(r, used, r->v[i].rule) < used->n)
			continue;
		used->v[used->n++] = i;
		if (add_rule(rules, &r->v[i]) < 0)
			return -1;
	}
	return 0;
}

/* ---- results ------------------------------------------------------------------ */

/* Relative to the top of the repository, or as it was named; bytes that are no
 * UTF-8 survive as %XX. */
static int set_uri(cJSON *o, const char *path)
{
	struct buf uri = BUF_INIT(URI_MAX);
	int rc;

	while (path[0] == '.' && path[1] == '/')
		path += 2;
	if (*path == '/')
		buf_adds(&uri, "file://");
	rc = encode_percent(path, strlen(path), "/", &uri);
	if (rc == 0)
		rc = set(o, "uri", buf_str(&uri));
	buf_free(&uri);
	return rc;
}

static int add_region(cJSON *physical, const struct report_finding *f)
{
	cJSON *region;

	if (!f->line)
		return 0;
	region = add(physical, "region", cJSON_CreateObject());
	if (!region || !cJSON_AddNumberToObject(region, "startLine", f->line))
		return -1;
	return f->column && !cJSON_AddNumberToObject(region, "startColumn", f->column) ? -1 : 0;
}

static int add_location(cJSON *result, const struct report_finding *f)
{
	cJSON *list = add(result, "locations", cJSON_CreateArray()), *location = append(list);
	int rc = location ? 0 : -1;

	if (rc == 0 && f->file && *f->file) {
		cJSON *physical = add(location, "physicalLocation", cJSON_CreateObject());
		cJSON *artifact = add(physical, "artifactLocation", cJSON_CreateObject());

		rc = artifact ? set_uri(artifact, f->file) : -1;
		if (rc == 0)
			rc = add_region(physical, f);
	}
	if (rc == 0 && (f->pointer || !f->file || !*f->file)) {
		cJSON *logical = append(add(location, "logicalLocations", cJSON_CreateArray()));

		rc = set(logical, "fullyQualifiedName",
			 f->pointer ? f->pointer : f->commit ? f->commit : f->check);
	}
	return rc;
}

static int add_result(cJSON *results, const struct report *r, const struct used *used,
		      const struct report_finding *f)
{
	cJSON *o = append(results), *properties;
	int rc = set(o, "ruleId", f->rule);

	if (!o || !cJSON_AddNumberToObject(o, "ruleIndex", (double)rule_index(r, used, f->rule)))
		return -1;
	rc |= set(o, "level", level(f));
	rc |= set_text(o, "message", f->message);
	rc |= add_location(o, f);
	if (f->allow)
		rc |= set(add(o, "partialFingerprints", cJSON_CreateObject()), "valueSha256/v1",
			  f->allow);
	properties = add(o, "properties", cJSON_CreateObject());
	rc |= set(properties, "check", f->check);
	rc |= set(properties, "commit", f->commit);
	rc |= set(properties, "subject", f->subject);
	rc |= set(properties, "fix", f->fix);
	rc |= set(properties, "rotate", f->rotate);
	return rc;
}

static int add_invocation(cJSON *run, const struct report *r)
{
	cJSON *o = append(add(run, "invocations", cJSON_CreateArray())), *notification;

	if (!o || !cJSON_AddBoolToObject(o, "executionSuccessful", !r->fault))
		return -1;
	if (!r->fault)
		return 0;
	notification = append(add(o, "toolExecutionNotifications", cJSON_CreateArray()));
	return set(notification, "level", "error") | set_text(notification, "message", r->fault);
}

static int fill(cJSON *root, const struct report *r, struct used *used)
{
	cJSON *run, *driver, *results;
	int rc = set(root, "$schema",
		     "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
		     "sarif-schema-2.1.0.json");

	rc |= set(root, "version", "2.1.0");
	run = append(add(root, "runs", cJSON_CreateArray()));
	driver = add(add(run, "tool", cJSON_CreateObject()), "driver", cJSON_CreateObject());
	rc |= set(driver, "name", "codetrain");
	rc |= set(driver, "version", opt_version);
	if (rc < 0 || !driver || add_rules(driver, r, used) < 0 || add_invocation(run, r) < 0 ||
	    set(run, "columnKind", "unicodeCodePoints") < 0)
		return -1;
	results = add(run, "results", cJSON_CreateArray());
	for (size_t i = 0; i < r->n && results; i++)
		if (add_result(results, r, used, &r->v[i]) < 0)
			return -1;
	return results ? 0 : -1;
}

int report_sarif(const struct report *r, FILE *f, struct err *err)
{
	cJSON *root = cJSON_CreateObject();
	struct used used = { 0 };
	char *text = NULL;

	if (root && fill(root, r, &used) == 0)
		text = cJSON_PrintUnformatted(root);
	if (text)
		fprintf(f, "%s\n", text);
	free(used.v);
	cJSON_Delete(root);
	if (!text)
		return err_set(err, ERR_INTERNAL, "no memory for the report");
	cJSON_free(text);
	return 0;
}
