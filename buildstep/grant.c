#include "grant.h"

#include "grant_show.h"
#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "policy.h"

#include <string.h>
#include <time.h>

enum { SETTLE_MS = 40000, SETTLE_PAUSE_MS = 2000 };

struct grant {
	const struct grant_options *o;
	const struct accounts *accounts;
	struct aws *aws[ACCOUNTS_MAX];	/* in the order of the accounts */
	bool made_role;			/* in this run: it may take a moment to be known */
	int changes;
};

static int open_account(struct grant *g, size_t i, struct err *err)
{
	const struct account *one = &g->accounts->account[i];
	struct aws_settings settings = {
		.profile = one->profile, .region = g->accounts->region, .label = one->name,
		.stop = g->o->stop,
	};
	const char *id;

	g->aws[i] = i == 0 ? aws_open(&settings, err) : aws_open_beside(g->aws[0], &settings, err);
	if (!g->aws[i] || aws_account(g->aws[i], &id, err) < 0)
		return -1;
	if (strcmp(id, one->id) != 0)
		return err_set(err, ERR_USAGE, "the profile %s is in account %s, but %s is %s in %s; "
			       "correct \"id\" or \"profile\"", one->profile, id, one->name, one->id,
			       g->o->file);
	return 0;
}

/* A role that was made a moment ago is not a principal everywhere yet: how S3,
 * IAM and ECR say so. */
static bool not_yet(const struct grant *g, struct aws *a)
{
	static const struct { const char *code, *word; } table[] = {
		{ "MalformedPolicy", "principal" },
		{ "MalformedPolicyDocument", "principal" },
		{ "InvalidParameterException", "policy" },
	};

	for (size_t i = 0; g->made_role && i < sizeof(table) / sizeof(*table); i++)
		if (strcmp(aws_error_code(a), table[i].code) == 0 &&
		    strcasestr(aws_error_message(a), table[i].word))
			return true;
	return false;
}

static int write_document(struct grant *g, struct aws *a, const struct grant_document *d,
			  const cJSON *live, struct err *err)
{
	const struct timespec pause = { SETTLE_PAUSE_MS / 1000, 0 };
	deadline_t deadline = deadline_in(SETTLE_MS);
	cJSON *merged = policy_merge(live, d->wanted);
	int result;

	if (!merged)
		return err_set(err, ERR_INTERNAL, "no memory for a policy");
	while ((result = d->kind->write(a, d, live, merged, err)) < 0 && not_yet(g, a) &&
	       !deadline_over(deadline) && !stop_is_set(g->o->stop))
		nanosleep(&pause, NULL);
	if (result == 0 && d->kind == &grant_kind_role && !live)
		g->made_role = true;
	json_free(merged);
	return result;
}

static int one_document(struct grant *g, const struct grant_document *d, cJSON *list,
			struct err *failure)
{
	struct aws *a = g->aws[d->account - g->accounts->account];
	cJSON *live = NULL, *line;
	bool applied = false;
	int result = -1, changes;
	struct err e = { 0 }, *err = &e;	/* what is missing is no failure, but is told as one */

	if (d->kind->read(a, d, &live, err) < 0)
		goto out;
	changes = grant_show_changes(d, live);
	if (g->o->out && (changes > 0 || !g->o->apply))
		grant_show_text(d, live, g->o->out);
	if (changes > 0 && g->o->apply) {
		if (write_document(g, a, d, live, err) < 0)
			goto out;
		applied = true;
	}
	g->changes += changes;
	line = grant_show_json(d, live, applied);
	result = line && cJSON_AddItemToArray(list, line) ?
			 0 : err_set(err, ERR_INTERNAL, "no memory for the plan");
out:
	if (result < 0) {
		*failure = e;
		err_prefix(failure, "%s: %s %s %s: ", d->account->name, d->kind->service,
			   d->kind->what, d->name);
	}
	json_free(live);
	return result;
}

static void conclude(const struct grant *g, FILE *out)
{
	if (g->changes == 0)
		fprintf(out, "nothing to change: every grant is there\n");
	else if (g->o->apply)
		fprintf(out, "%d change%s made\n", g->changes, g->changes == 1 ? "" : "s");
	else
		fprintf(out, "%d change%s; to make %s: codetrain grant apply -f %s\n", g->changes,
			g->changes == 1 ? "" : "s", g->changes == 1 ? "it" : "them", g->o->file);
}

int grant_run(const struct accounts *accounts, const struct grant_options *o, cJSON **result,
	      struct err *err)
{
	struct grant g = { .o = o, .accounts = accounts };
	struct grant_list list = { .n = 0 };
	cJSON *tree = cJSON_CreateObject();
	cJSON *documents = cJSON_AddArrayToObject(tree, "documents");
	int status = -1;

	*result = tree;
	if (!documents) {
		err_set(err, ERR_INTERNAL, "no memory for the plan");
		goto out;
	}
	if (grant_documents_list(accounts, &list, err) < 0)
		goto out;
	for (size_t i = 0; i < accounts->n; i++)
		if (open_account(&g, i, err) < 0)
			goto out;
	for (size_t i = 0; i < list.n; i++)
		if (one_document(&g, &list.v[i], documents, err) < 0)
			goto out;
	if (json_set_integer(tree, "changes", g.changes) < 0) {
		err_set(err, ERR_INTERNAL, "no memory for the plan");
		goto out;
	}
	if (o->out)
		conclude(&g, o->out);
	status = 0;
out:
	for (size_t i = accounts->n; i-- > 0;)
		aws_close(g.aws[i]);
	grant_documents_free(&list);
	return status;
}
