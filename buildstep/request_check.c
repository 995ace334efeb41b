#include "request.h"

#include "lib/spec/shape.h"
#include "lib/spec/spec_rules.h"
#include "name.h"

#include <stdio.h>
#include <string.h>

struct check {
	const struct request *request;
	struct buf *report;
	char first[SHAPE_MESSAGE_MAX + SHAPE_POINTER_MAX + 512];
	int faults;
};

/* The value that a JSON pointer names; no "~" escapes: members have none. */
static const cJSON *at(const cJSON *tree, const char *pointer)
{
	while (tree && *pointer == '/') {
		size_t len = strcspn(++pointer, "/");
		const cJSON *c, *found = NULL;
		int i = 0;
		char index[16];

		cJSON_ArrayForEach(c, tree) {
			snprintf(index, sizeof(index), "%d", i++);
			if (cJSON_IsArray(tree) ?
				    strlen(index) == len && !strncmp(index, pointer, len) :
				    strlen(c->string) == len && !strncmp(c->string, pointer, len))
				found = c;
		}
		tree = found;
		pointer += len;
	}
	return tree;
}

/* "FILE:LINE:COLUMN: " when the value is as the file has it. */
static void place(const struct request *r, const char *pointer, char out[static 512])
{
	const cJSON *theirs = at(r->in_file, pointer);
	int line, column;

	out[0] = '\0';
	if (!r->file)
		return;
	if (theirs && (cJSON_IsObject(theirs) ||
		       cJSON_Compare(theirs, at(r->tree, pointer), 1)) &&
	    json_locate(buf_str(&r->text), r->text.len, pointer, &line, &column) == 0)
		snprintf(out, 512, "%s:%d:%d: ", r->file, line, column);
}

static void on_fault(void *arg, const struct shape_fault *f)
{
	struct check *c = arg;
	char where[512];
	size_t start = c->report->len;

	place(c->request, f->pointer, where);
	/* the path too: a value that an option gave has no other place */
	buf_addf(c->report, "%s%s%s%s%s%s%s%s", f->warning ? "warning: " : "", where, f->pointer,
		 *f->pointer ? ": " : "", f->message, f->suggestion ? "; did you mean \"" : "",
		 f->suggestion ? f->suggestion : "", f->suggestion ? "\"?" : "");
	if (c->report->len > start)
		err_tidy(c->report->data + start);	/* names are the file's */
	buf_addc(c->report, '\n');
	if (!f->warning && c->faults++ == 0 && !c->report->failed)
		snprintf(c->first, sizeof(c->first), "%.*s",
			 (int)(c->report->len - start - 1), c->report->data + start);
}

/* The request as it will be, with what is only known online made up. */
static cJSON *filled_in(const struct request *r)
{
	cJSON *copy = cJSON_Duplicate(r->tree, 1);
	const char *role = json_string(copy, "RoleArn", NULL);
	char arn[2100];

	if (copy && role && *role && strncmp(role, "arn:", 4) != 0) {
		snprintf(arn, sizeof(arn), "arn:aws:iam::000000000000:role/%s", role);
		json_set_string(copy, "RoleArn", arn);
	}
	if (copy && !cJSON_GetObjectItemCaseSensitive(copy, "TrainingJobName"))
		json_set_string(copy, "TrainingJobName", "job");
	return copy;
}

int request_validate(const struct request *r, const char *region, struct buf *report, int *faults,
		     struct err *err)
{
	const struct spec_rules_options options = { .region = region };
	struct check check = { .request = r, .report = report };
	cJSON *whole = filled_in(r);

	if (!whole)
		return err_set(err, ERR_INTERNAL, "no memory for the request");
	shape_validate(shape_for_operation("CreateTrainingJob"), whole, NULL, on_fault, &check);
	spec_rules_check("CreateTrainingJob", whole, &options, on_fault, &check);
	json_free(whole);
	*faults = check.faults;
	if (check.faults == 0)
		return 0;
	return err_set(err, ERR_USAGE, "%s", check.first);
}
