#include "check.h"
#include "lib/spec/json.h"
#include "lib/spec/shape.h"
#include "lib/spec/spec_rules.h"

#include <string.h>

struct context {
	struct check_run *run;
	const struct check_item *item;
	const char *type;
	struct err *err;
	int rc;
};

static void found(void *arg, const struct shape_fault *fault)
{
	struct context *c = arg;
	struct buf message = BUF_INIT(2 * SHAPE_MESSAGE_MAX);
	struct report_finding f = { .check = c->type, .rule = fault->rule,
				    .warning = fault->warning, .pointer = fault->pointer };

	if (c->rc < 0)
		return;
	buf_adds(&message, fault->message);
	if (fault->suggestion)
		buf_addf(&message, "; did you mean %s?", fault->suggestion);
	f.message = buf_str(&message);
	if (json_locate(c->item->data, c->item->len, fault->pointer, &f.line, &f.column) < 0)
		f.line = f.column = 1;
	c->rc = check_found(c->run, c->item, &f, c->err);
	buf_free(&message);
}

/* "NAME:LINE:COLUMN: what" */
static int not_json(struct context *c, const struct err *why, struct err *err)
{
	struct report_finding f = { .check = c->type, .rule = "json", .line = 1, .column = 1 };
	const char *p = why->message;
	size_t name = strlen(c->item->path);
	int n = 0, line, column;

	if (strncmp(p, c->item->path, name) == 0 &&
	    sscanf(p + name, ":%9d:%9d: %n", &line, &column, &n) == 2 && n > 0) {
		f.line = line;
		f.column = column;
		p += name + (size_t)n;
	}
	f.message = p;
	return check_found(c->run, c->item, &f, err);
}

static int check(struct check_run *run, const struct check_item *item, const char *type,
		 const char *operation, struct err *err)
{
	const struct shape_options shape = { .allow_templates = true };
	const struct spec_rules_options rules = { .allow_templates = true };
	struct context c = { run, item, type, err, 0 };
	struct err parse = { 0 };
	cJSON *tree = json_parse(item->data, item->len, item->path, &parse);

	if (!tree)
		return not_json(&c, &parse, err);
	shape_validate(shape_for_operation(operation), tree, &shape, found, &c);
	spec_rules_check(operation, tree, &rules, found, &c);
	json_free(tree);
	return c.rc;
}

int check_spec_training_job(struct check_run *run, const struct check_item *item, struct err *err)
{
	return check(run, item, "training-job", "CreateTrainingJob", err);
}

int check_spec_model(struct check_run *run, const struct check_item *item, struct err *err)
{
	return check(run, item, "model", "CreateModel", err);
}
