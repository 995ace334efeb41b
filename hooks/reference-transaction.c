/*
 * reference-transaction: tells what a transaction of git's is about to do to the refs,
 * while git holds their locks, and then when it did not.
 *
 * git runs it for every change of a ref, whoever makes it, and kills of the pusher or
 * of receive-pack do not take it away as they do post-receive. It runs twice for each ref
 * of a push without --atomic: it adds a line to a file, and opens no database.
 */
#include "hooks/queue/queue_config.h"
#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_place.h"
#include "hooks/queue/queue_resolve.h"
#include "hooks/queue/queue_run.h"
#include "hooks/queue/queue_wake.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "codetrain";

enum hook_step { PREPARED, COMMITTED, ABORTED };

struct hook {
	const char *gitdir;
	enum hook_step step;
	struct queue_push push;
	bool any;	/* a ref moved */
};

static bool is_allowed_unrecorded(const char *gitdir)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct err ignored = { 0 };
	bool allowed = queue_config_load(gitdir, &config, &ignored) == 0 &&
		       strcmp(queue_config_get(&config, NULL, "unrecorded", "refuse"), "allow") == 0;

	queue_config_free(&config);
	return allowed;
}

/* What cannot be recorded must not move: git refuses the ref, and nothing is lost. Once it
 * has moved, reconciliation finds out what this hook could not say. */
static int give_up(const struct hook *h, const struct err *why)
{
	term_error(name, why);
	if (h->step != PREPARED)
		return 0;
	if (is_allowed_unrecorded(h->gitdir)) {
		term_warning(name, "the ref moves unrecorded (codetrain.unrecorded); find it later with: "
			     "codetrain queue run -C '%s'", h->gitdir);
		return 0;
	}
	fprintf(stderr, "%s: NOTHING WAS MOVED, since it could not be recorded; to push all the same, "
		"on the server: git -C '%s' config codetrain.unrecorded allow\n", name, h->gitdir);
	return -1;
}

/* That a prepared move took place is not written down: its post-receive says so, or the next
 * move of the ref, or the ref itself once git has ended. */
static int tell(struct hook *h)
{
	struct err err = { 0 };

	h->any = h->any || h->push.updates.n;
	if (h->step == COMMITTED) {
		queue_push_next(&h->push);
		return 0;
	}
	if (queue_resolve(h->gitdir, &h->push, &err) < 0)
		return give_up(h, &err);
	if (h->push.updates.n == 0)
		return 0;
	queue_run_find(h->push.run);
	if (queue_moves_add(h->gitdir, &h->push, &err) < 0)
		return give_up(h, &err);
	queue_push_next(&h->push);
	return 0;
}

/* Lines that are no move of a ref (HEAD, a symbolic ref's value) are none of ours. */
static int read_moves(struct hook *h)
{
	static struct queue_lines in = { .fd = STDIN_FILENO };
	struct err err = { 0 };
	struct queue_update u;
	const char *line;
	bool malformed;
	int rc;

	while ((rc = queue_push_line(&in, &line, &malformed, &err)) > 0) {
		if (malformed || !queue_push_split(line, &u))
			continue;
		if (strs_add(&h->push.updates, line) < 0) {
			err_set(&err, ERR_INTERNAL, "no memory for a ref");
			return give_up(h, &err);
		}
		if (h->push.updates.n == QUEUE_PUSH_REFS && tell(h) < 0)
			return -1;
	}
	if (rc < 0)
		return give_up(h, &err);
	return tell(h);
}

static int run(enum hook_step step)
{
	struct buf gitdir = BUF_INIT(PATH_MAX_BYTES);
	struct hook h = { .step = step };
	struct err err = { 0 };
	int rc;

	if (queue_place_find(NULL, &gitdir, &err) < 0) {
		term_error(name, &err);
		return 1;
	}
	h.gitdir = buf_str(&gitdir);
	queue_push_init(&h.push, "reference-transaction", clock_now_ms());
	h.push.step = step == ABORTED ? QUEUE_ABORTED : QUEUE_PREPARED;
	rc = read_moves(&h);
	/* a drainer notices the end of this run: the post-receive may never come */
	if (h.any && step == COMMITTED && queue_wake_or_start(h.gitdir, &err) < 0)
		term_warning(name, "%s", err.message);
	queue_push_free(&h.push);
	buf_free(&gitdir);
	return rc < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct opt_program program = {
		.name = "reference-transaction",
		.synopsis = "prepared|committed|aborted <\"OLD NEW REF\" lines",
		.purpose = "The hook of a bare repository that records each move of a ref for the queue, while\n"
			   "git holds the ref's lock, so that no push is lost whatever is killed. git runs it;\n"
			   "codetrain hooks install --server puts it there.",
		.notes = "exit: 0, or 1 when a move cannot be recorded: git then refuses it",
		.min_args = 1, .max_args = 1,
	};
	static const char *const steps[] = {
		[PREPARED] = "prepared", [COMMITTED] = "committed", [ABORTED] = "aborted",
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	secret_process_init();
	signal(SIGPIPE, SIG_IGN);	/* the pusher may be gone: what moves is recorded all the same */
	for (size_t i = 0; argc == 2 && i < sizeof(steps) / sizeof(*steps); i++)
		if (strcmp(argv[1], steps[i]) == 0)
			return run((enum hook_step)i);
	/* a state of a newer git ("preparing") is nothing to record */
	opt_parse(&program, argv, &args, &err);
	strs_free(&args);
	return term_finish(name, &err);
}
