/*
 * post-receive: says of what reference-transaction recorded who pushed, with which options;
 * records what it did not; starts the drainer, returns.
 *
 * It reads the environment and its input and writes one transaction: the pusher
 * waits for one fsync. Only then, and once for each change of the configuration,
 * it asks codetrain-queue what the targets are called. It uses no network: a target's first
 * answer is the drainer's, waited for where it will come at once, or when the pusher asks.
 */
#include "hooks/queue/queue_answer.h"
#include "hooks/queue/queue_config.h"
#include "hooks/queue/queue_moves.h"
#include "hooks/queue/queue_options.h"
#include "hooks/queue/queue_place.h"
#include "hooks/queue/queue_record.h"
#include "hooks/queue/queue_resolve.h"
#include "hooks/queue/queue_run.h"
#include "hooks/queue/queue_wake.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/proc.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "codetrain";

enum { TARGETS_TIMEOUT_MS = 3000, LABEL_MAX = 512, TARGETS_MOST = 16 };

struct hook {
	const char *gitdir;
	struct queue_db *db;		/* NULL: it cannot be opened, so all goes into the file */
	struct queue_push push;
	struct queue_recorded recorded;	/* of all parts */
	long refs, malformed;
	bool skip;			/* the pusher wants no build, */
	int64_t wait_ms;		/* or follows it so long */
	bool safe;			/* something waits for a drainer, in either place, */
	bool alone;			/* and none runs */
	int failed;			/* something is in no safe place */
};

/* Nothing may be lost: when the file cannot take it either, the lines go to
 * the pusher's screen, with the command that takes them in. `line`: only this
 * one; NULL: the whole push. */
static void give_up(struct hook *h, const struct err *err, const char *line)
{
	h->failed = 1;
	term_error(name, err);
	fprintf(stderr, "%s: THE PUSH IS IN THE REPOSITORY BUT NOT RECORDED; on the server run\n"
		"%s: codetrain queue record -C '%s' with these lines on its input:\n",
		name, name, h->gitdir);
	if (line)
		fprintf(stderr, "%s:   %s\n", name, line);
	for (size_t i = 0; !line && i < h->push.updates.n; i++)
		fprintf(stderr, "%s:   %s\n", name, h->push.updates.v[i]);
}

/* Behind what the other hook told of it. */
static void keep(struct hook *h, const struct err *why)
{
	struct err err = { 0 };

	term_error(name, why);
	h->failed = 1;
	if (queue_moves_add(h->gitdir, &h->push, &err) < 0) {
		give_up(h, &err, NULL);
		return;
	}
	fprintf(stderr, "%s: the push is kept in %s/codetrain/moves; when the fault is mended, the next push "
		"delivers it, or: codetrain queue run -C '%s'\n", name, h->gitdir, h->gitdir);
	h->safe = true;
}

static void record_part(struct hook *h)
{
	struct queue_recorded part;
	struct err err = { 0 };

	queue_resolve(h->gitdir, &h->push, &err);
	err = (struct err){ 0 };	/* what cannot be resolved is recorded as git says it */
	if (h->push.updates.n == 0)
		return;
	if (!h->db && queue_db_open(h->gitdir, QUEUE_DB_MAKE, QUEUE_DB_BUSY_MS, &h->db, &err) < 0) {
		keep(h, &err);
	} else if (queue_record(h->db, h->gitdir, &h->push, &part, &err) < 0) {
		keep(h, &err);
	} else {
		if (part.first && (!h->recorded.first || part.first < h->recorded.first))
			h->recorded.first = part.first;
		if (part.last > h->recorded.last)
			h->recorded.last = part.last;
		h->safe = true;
	}
	queue_push_next(&h->push);
}

static void take_line(struct hook *h, const char *line, bool malformed)
{
	struct queue_update u;

	if (malformed || !queue_push_split(line, &u)) {
		if (h->malformed++ < 10)
			term_warning(name, "a line of git's that is no ref update is left out: %.200s",
				     line);
		return;
	}
	if (strs_add(&h->push.updates, line) < 0) {
		const struct err err = { .class = ERR_INTERNAL, .message = "no memory for a ref" };

		h->push.updates.failed = 0;
		give_up(h, &err, line);
		return;
	}
	h->refs++;
	if (h->push.updates.n == QUEUE_PUSH_REFS)
		record_part(h);
}

static void read_pushed(struct hook *h)
{
	static struct queue_lines in = { .fd = STDIN_FILENO };
	struct err err = { 0 };
	const char *line;
	bool malformed;
	int rc;

	while ((rc = queue_push_line(&in, &line, &malformed, &err)) > 0)
		take_line(h, line, malformed);
	if (rc < 0) {
		term_error(name, &err);
		h->failed = 1;
	}
	record_part(h);
}

/* What all targets refuse alike is said once. */
static void tell_refused(const char *const *targets, const struct queue_options *o, size_t n)
{
	for (size_t t = 0; t < n; t++)
		for (size_t i = 0; i < o[t].refused.n; i++) {
			const char *why = o[t].refused.v[i];
			size_t alike = 0;

			for (size_t k = 0; k < n; k++)
				alike += strs_has(&o[k].refused, why);
			if (alike == n && t == 0)
				term_warning(name, "%s", why);
			else if (alike < n)
				term_warning(name, "%s: %s", targets[t], why);
		}
}

static void read_options(struct hook *h)
{
	struct queue_options options[TARGETS_MOST] = { 0 };
	struct queue_config config = QUEUE_CONFIG_INIT;
	const char *targets[TARGETS_MOST] = { NULL };
	struct err err = { 0 };
	size_t n;

	if (!h->push.options.len)
		return;
	if (queue_config_load(h->gitdir, &config, &err) < 0)
		term_warning(name, "the push options are recorded, but not looked at: %s", err.message);
	n = queue_config_all(&config, NULL, "target", targets, TARGETS_MOST);
	n = n ? n : 1;	/* NULL: what holds for every target */
	for (size_t i = 0; i < n; i++) {
		struct queue_options *o = &options[i];

		if (queue_options_parse(buf_str(&h->push.options), &config, targets[i], o, &err) < 0)
			term_warning(name, "%s", err.message);
		h->skip = h->skip || o->skip;
		if (o->wait && o->wait_ms > h->wait_ms)
			h->wait_ms = o->wait_ms;
	}
	tell_refused(targets, options, n);
	for (size_t i = 0; i < n; i++)
		queue_options_free(&options[i]);
	queue_config_free(&config);
}

/* Where the events go, for the pusher to read: the drainer's words, kept until
 * the configuration changes. Not knowing it is no failure. */
static void find_label(struct hook *h, struct buf *label)
{
	struct buf stamp = BUF_INIT(128), note = BUF_INIT(LABEL_MAX), program = BUF_INIT(PATH_MAX_BYTES);
	struct strs env = STRS_INIT;
	struct proc_result result;
	struct err err = { 0 };
	size_t len;

	if (queue_config_stamp(h->gitdir, &stamp, &err) < 0 ||
	    queue_db_note_get(h->db, "targets", &note, &err) < 0)
		goto out;
	len = stamp.len;
	if (note.len > len && memcmp(note.data, stamp.data, len) == 0 && note.data[len] == '\n') {
		buf_adds(label, note.data + len + 1);
		goto out;
	}
	if (proc_sibling("codetrain-queue", &program, &err) == 0) {
		const char *const argv[] = { buf_str(&program), "targets", "-C",
					     h->gitdir, NULL };
		const char *const keep[] = { "PATH", "HOME", NULL };	/* and no keys */
		struct proc p = { .argv = argv, .out = label, .errors = &note,
				  .timeout_ms = TARGETS_TIMEOUT_MS };

		strs_add(&env, "LC_ALL=C");
		if (proc_environment(keep, &env, &err) == 0)
			p.envp = (const char *const *)env.v;
		if (!p.envp || proc_run(&p, &result, &err) < 0 || result.exit_code)
			buf_clear(label);
	}
	while (label->len && label->data[label->len - 1] == '\n')
		label->data[--label->len] = '\0';
out:
	strs_free(&env);
	buf_free(&stamp);
	buf_free(&note);
	buf_free(&program);
}

static void report(struct hook *h)
{
	struct buf label = BUF_INIT(LABEL_MAX);

	if (!h->recorded.first)
		return;
	find_label(h, &label);
	if (h->skip)
		buf_adds(&label, label.len ? " (ci.skip: no build)" : "no build (ci.skip)");
	if (h->refs == 1)
		fprintf(stderr, "%s: push recorded as event %lld%s%s\n", name,
			(long long)h->recorded.last, label.len ? " → " : "", buf_str(&label));
	else
		fprintf(stderr, "%s: push of %ld refs recorded as events %lld to %lld%s%s\n", name,
			h->refs, (long long)h->recorded.first, (long long)h->recorded.last,
			label.len ? " → " : "", buf_str(&label));
	buf_free(&label);
}

static void say(const char *line)
{
	fprintf(stderr, "%s: %s\n", name, line);
}

/* The build's number and address, where they come at once. */
static void answer(struct hook *h)
{
	struct queue_config config = QUEUE_CONFIG_INIT;
	struct err err = { 0 };
	int64_t most_ms;

	if (h->skip || h->alone || !queue_answer_worth(h->db, &h->recorded, clock_now_ms()) ||
	    queue_config_load(h->gitdir, &config, &err) < 0)
		return;
	most_ms = queue_answer_time(queue_config_get(&config, NULL, "answer", ""));
	queue_config_free(&config);
	if (most_ms > 0 && queue_answer_wait(h->db, &h->recorded, most_ms, say, &err) < 0)
		term_warning(name, "%s", err.message);
}

/* The pusher asked for it: becomes the program that follows the build, with the environment
 * that a drainer gets. Returns only when that cannot be. */
static void follow(struct hook *h)
{
	struct buf program = BUF_INIT(PATH_MAX_BYTES);
	struct strs argv = STRS_INIT, env = STRS_INIT;
	char seconds[32];
	struct err err = { 0 };

	snprintf(seconds, sizeof(seconds), "%llds", (long long)(h->wait_ms / 1000));
	if (proc_sibling("codetrain-queue", &program, &err) < 0 ||
	    queue_wake_environment(&env, &err) < 0)
		goto fail;
	strs_add_all(&argv, buf_str(&program), "follow", "-C", h->gitdir, "--wait", seconds,
		     (char *)NULL);
	if (queue_answer_events(h->db, &h->recorded, &argv, &err) < 0)
		goto fail;
	queue_db_close(h->db);
	h->db = NULL;
	signal(SIGPIPE, SIG_DFL);	/* nobody follows it any more: it ends */
	if (!argv.failed && !env.failed)
		execve(argv.v[0], argv.v, env.v);
	err_errno(&err, "cannot run %s", buf_str(&program));
fail:
	term_warning(name, "the build is not followed: %s", err.message);
	strs_free(&argv);
	strs_free(&env);
	buf_free(&program);
}

static int run(void)
{
	struct buf gitdir = BUF_INIT(PATH_MAX_BYTES);
	static struct hook h;	/* its database is closed by the end of the process, which is quicker */
	struct err err = { 0 };

	if (queue_place_find(NULL, &gitdir, &err) < 0)
		return term_finish(name, &err);
	h.gitdir = buf_str(&gitdir);
	queue_push_init(&h.push, "post-receive", clock_now_ms());
	queue_run_find(h.push.run);
	if (queue_push_environment(&h.push))
		term_warning(name, "some push options are too long or too many; they are left out");
	read_pushed(&h);
	if (h.safe && queue_wake_or_start(h.gitdir, &err) < 0) {
		h.alone = true;
		term_error(name, &err);
		fprintf(stderr, "%s: the push is safe, but no drainer runs; start one: "
			"codetrain queue run -C '%s'\n", name, h.gitdir);
	}
	read_options(&h);
	report(&h);
	if (h.recorded.first && h.wait_ms && !h.skip)
		follow(&h);
	else if (h.recorded.first)
		answer(&h);
	queue_push_free(&h.push);
	buf_free(&gitdir);
	return h.failed;
}

int main(int argc, char **argv)
{
	static const struct opt_program program = {
		.name = "post-receive",
		.synopsis = "<\"OLD NEW REF\" lines",
		.purpose = "The hook of a bare repository that records each push in the queue and starts\n"
			   "its delivery. git runs it; codetrain hooks install --server puts it there.",
		.notes = "exit: 0 recorded, 1 not, or only in a file (git does not look at it)",
		.max_args = 0,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	enum opt_outcome outcome;

	secret_process_init();
	signal(SIGPIPE, SIG_IGN);	/* the pusher may be gone: what was pushed is recorded all the same */
	outcome = argc > 1 ? opt_parse(&program, argv, &args, &err) : OPT_GO;
	strs_free(&args);
	if (outcome != OPT_GO)
		return term_finish(name, &err);
	return run() ? 1 : 0;
}
