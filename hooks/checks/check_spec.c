#include "check.h"
#include "lib/spec/json.h"
#include "lib/spec/json_text.h"
#include "lib/spec/shape.h"
#include "lib/spec/spec_rules.h"

#include <string.h>

#define SPEC_MAX (8u << 20)	/* bytes: the longest that the model allows is below half of it */
#define FOUND_MAX 1000		/* faults told of one file */
#define SEARCHED_MAX (1u << 25)	/* bytes looked through for their places: one at a time */

struct context {
	struct check_run *run;
	const struct check_item *item;
	const char *type;
	size_t left;		/* faults that may be told yet */
	struct err *err;
	int rc;
};

static int tell(struct context *c, const struct report_finding *what)
{
	struct report_finding f = *what;

	f.check = c->type;
	if (c->rc == 0)
		c->rc = check_found(c->run, c->item, &f, c->err);
	return c->rc;
}

/* A fault at a pointer; instead of the last that may be told, that there are more. */
static void tell_at(struct context *c, struct report_finding *f)
{
	if (c->rc < 0 || c->left == 0)
		return;
	f->line = f->column = 1;
	if (--c->left == 0) {
		tell(c, &(struct report_finding){ .rule = "json", .line = 1, .column = 1,
						  .message = "there are more faults; mend these first" });
		return;
	}
	json_locate(c->item->data, c->item->len, f->pointer, &f->line, &f->column);
	tell(c, f);
}

static void found(void *arg, const struct shape_fault *fault)
{
	struct context *c = arg;
	struct buf message = BUF_INIT(2 * SHAPE_MESSAGE_MAX);
	struct report_finding f = { .rule = fault->rule, .warning = fault->warning,
				    .pointer = fault->pointer };

	buf_adds(&message, fault->message);
	if (fault->suggestion)
		buf_addf(&message, "; did you mean %s?", fault->suggestion);
	f.message = buf_str(&message);
	tell_at(c, &f);
	buf_free(&message);
}

static void twice(void *arg, const char *pointer, const char *name)
{
	struct context *c = arg;
	struct buf message = BUF_INIT(SHAPE_MESSAGE_MAX);
	struct report_finding f = { .rule = "duplicate", .pointer = pointer };

	buf_addf(&message, "the member \"%.200s\" stands twice in one object; only this one would "
		 "be sent", name);
	f.message = buf_str(&message);
	tell_at(c, &f);
	buf_free(&message);
}

/* False when it is no JSON, which is told. */
static bool is_json(struct context *c)
{
	const char *text = c->item->data;
	size_t len = c->item->len, bom = json_bom(text, len), offset;
	const char *fault = NULL;
	struct buf message = BUF_INIT(SHAPE_MESSAGE_MAX);
	struct report_finding f = { .rule = "json", .line = 1, .column = 1 };
	bool bad;

	if (len > SPEC_MAX) {
		buf_addf(&message, "%zu bytes: no request is longer than %u", len, SPEC_MAX);
	} else if ((fault = json_text_fault(text + bom, len - bom, &offset))) {
		json_text_place(text + bom, offset, &f.line, &f.column);
		buf_addf(&message, "not JSON: %s", fault);
	}
	bad = message.len > 0;
	f.message = buf_str(&message);
	if (bad)
		tell(c, &f);
	else if (bom)
		tell(c, &(struct report_finding){ .rule = "byte-order-mark", .warning = true, .line = 1,
			.column = 1, .message = "the file begins with a byte order mark, which the "
						"AWS CLI refuses" });
	buf_free(&message);
	return !bad && c->rc == 0;
}

static int check(struct check_run *run, const struct check_item *item, const char *type,
		 const char *operation, struct err *err)
{
	const struct shape_options shape = { .allow_templates = true };
	const struct spec_rules_options rules = { .allow_templates = true };
	struct context c = { run, item, type, FOUND_MAX, err, 0 };
	cJSON *tree;

	if (item->len > SEARCHED_MAX / FOUND_MAX)
		c.left = SEARCHED_MAX / item->len;
	if (!is_json(&c))
		return c.rc;
	tree = json_parse_twice(item->data, item->len, item->path, twice, &c, err);
	if (!tree)
		return -1;
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
