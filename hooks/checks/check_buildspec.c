#include "check.h"
#include "lib/spec/buildspec.h"

struct context {
	struct check_run *run;
	const struct check_item *item;
	struct err *err;
	int rc;
};

static void found(void *arg, const struct buildspec_finding *b)
{
	struct context *c = arg;
	struct report_finding f = {
		.check = "buildspec", .rule = b->rule, .warning = b->severity == BUILDSPEC_WARNING,
		.fix = b->fix, .pointer = b->path, .line = b->line, .column = b->column,
		.message = b->message,
	};

	if (c->rc == 0)
		c->rc = check_found(c->run, c->item, &f, c->err);
}

int check_buildspec(struct check_run *run, const struct check_item *item, struct err *err)
{
	struct context c = { run, item, err, 0 };

	if (buildspec_parse(item->data, item->len, item->path, found, &c, NULL, err) < 0)
		return -1;
	return c.rc;
}
