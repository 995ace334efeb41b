/*
 * codetrain queue: delivers what the hooks recorded, and shows it.
 */
#include "hooks/queue/queue_place.h"
#include "hooks/queue/queue_verbs.h"
#include "hooks/queue/target_worker.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int verb_work(struct queue_request *q, struct err *err)
{
	return target_worker(q->args.v, err);
}

enum { NONE_MOST = 0, NUMBERS_MOST = 1000 };

static const struct verb {
	const char *name;
	int (*run)(struct queue_request *q, struct err *err);
	size_t min, max;
	bool anywhere;		/* needs no repository around it */
	bool changes;		/* leaves files behind that the hooks must be able to use */
} verbs[] = {
	{ "run", queue_verbs_run, 0, NONE_MOST, false, true },
	{ "list", queue_verbs_list, 0, NONE_MOST, false, false },
	{ "show", queue_verbs_show, 1, 1, false, false },
	{ "stats", queue_verbs_stats, 0, NONE_MOST, false, false },
	{ "page", queue_verbs_page, 0, NONE_MOST, false, false },
	{ "serve", queue_verbs_serve, 0, NONE_MOST, false, true },
	{ "follow", queue_verbs_follow, 1, NUMBERS_MOST, false, false },
	{ "retry", queue_verbs_retry, 1, NUMBERS_MOST, false, true },
	{ "drop", queue_verbs_drop, 1, NUMBERS_MOST, false, true },
	{ "record", queue_verbs_record, 0, NONE_MOST, false, true },
	{ "init", queue_verbs_init, 0, NONE_MOST, false, true },
	{ "targets", queue_verbs_targets, 0, NONE_MOST, false, false },
	/* the drainer's own */
	{ TARGET_WORKER_VERB, verb_work, TARGET_WORKER_ARGS, TARGET_WORKER_ARGS_MAX, true, false },
};

static const struct verb *find_verb(const char *text, struct err *err)
{
	size_t n = sizeof(verbs) / sizeof(*verbs);
	struct buf names = BUF_INIT(1024);

	for (size_t i = 0; i < n; i++)
		if (strcmp(verbs[i].name, text) == 0)
			return &verbs[i];
	for (size_t i = 0; i < n; i++)	/* the drainer's own is no help to people */
		if (!verbs[i].anywhere)
			buf_addf(&names, "%s%s", i ? ", " : "", verbs[i].name);
	err_set(err, ERR_USAGE, "unknown command \"%s\"; it is one of %s", text, buf_str(&names));
	buf_free(&names);
	return NULL;
}

/* What another user makes there (the drainer's lock, a build's files) the hooks of the
 * repository's own user could not write. */
static int check_user(const char *gitdir, struct err *err)
{
	char path[PATH_MAX_BYTES];
	struct stat st;

	if ((size_t)snprintf(path, sizeof(path), "%s/codetrain", gitdir) >= sizeof(path) ||
	    stat(path, &st) < 0 || st.st_uid == geteuid())
		return 0;
	return err_set(err, ERR_USAGE, "%s belongs to user %lu, and this is user %lu; run it as the user "
		       "of the hooks: sudo -u '#%lu' codetrain queue ...", path,
		       (unsigned long)st.st_uid, (unsigned long)geteuid(), (unsigned long)st.st_uid);
}

static int dispatch(struct queue_request *q, struct strs *args, struct err *err)
{
	const struct verb *verb = find_verb(args->v[0], err);

	if (!verb)
		return -1;
	for (size_t i = 1; i < args->n; i++)
		strs_add(&q->args, args->v[i]);
	if (q->args.n < verb->min || q->args.n > verb->max)
		return err_set(err, ERR_USAGE, "%s wants %s; see codetrain queue --help", verb->name,
			       verb->min ? "event numbers" : "no operand");
	if (!verb->anywhere && queue_place_find(q->dir, &q->gitdir, err) < 0)
		return -1;
	if (verb->changes && check_user(buf_str(&q->gitdir), err) < 0)
		return -1;
	return verb->run(q, err);
}

static const char synopsis[] =
	"run [--once] [--life TIME] [-C GITDIR]\n"
	"list [--all] [--state STATE] [-t TARGET]\n"
	"show N | stats [--json]\n"
	"page [-o FILE] | serve [--port PORT] [--life TIME]\n"
	"follow N... [--wait TIME]\n"
	"retry | drop [-t TARGET] N...\n"
	"record <\"OLD NEW REF\" lines\n"
	"init | targets";

int main(int argc, char **argv)
{
	struct queue_request q = { .gitdir = BUF_INIT(PATH_MAX_BYTES) };
	const struct opt options[] = {
		{ "repository", 'C', OPT_STRING, &q.dir, "GITDIR",
		  "the repository; else GIT_DIR, or the one around here" },
		{ "target", 't', OPT_STRING, &q.target, "NAME", "only deliveries to this target" },
		{ "state", 0, OPT_STRING, &q.state, "STATE", "list: only this state" },
		{ "all", 'a', OPT_FLAG, &q.all, NULL, "list: also old ones that are settled" },
		{ "output", 'o', OPT_STRING, &q.file, "FILE", "page: a file, not standard output" },
		{ "port", 0, OPT_NUMBER, &q.port, "PORT", "serve: on this port; else a free one" },
		{ "once", 0, OPT_FLAG, &q.once, NULL, "run: what is ready now, no second try" },
		{ "background", 0, OPT_FLAG, &q.background, NULL,
		  "run: as the hook starts it; waits out faults" },
		{ "life", 0, OPT_SECONDS, &q.life_s, "TIME", "end after so long (run 24h, serve 1h)" },
		{ "wait", 0, OPT_SECONDS, &q.wait_s, "TIME", "follow: at most so long (30m)" },
		{ "json", 0, OPT_FLAG, &q.json, NULL, "machine-readable on standard output" },
		OPT_END
	};
	const struct opt_program program = {
		.name = queue_verbs_program, .synopsis = synopsis,
		.purpose = "Delivers the pushes that the hooks recorded to the targets of the\n"
			   "repository's configuration (codetrain.target), and shows what became of them.",
		.notes = "exit: 0 done, 1 a delivery failed for good, 2 usage, 7 something still waits",
		.options = options, .min_args = 1, .max_args = -1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		dispatch(&q, &args, &err);
	strs_free(&args);
	strs_free(&q.args);
	buf_free(&q.gitdir);
	return term_finish(queue_verbs_program, &err);
}
