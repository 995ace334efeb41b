/*
 * The target "exec": a program of the administrator's, with the event as JSON on its
 * standard input.
 *
 *	codetrain.command	repeated: one word of the command each; no shell
 *	codetrain.timeout	minutes; then it is ended
 *	codetrain.environment	names of variables that it may see
 *
 * It ends with 0: delivered; with 75 (EX_TEMPFAIL): again later; with anything else: a
 * dead letter. It may see an event twice, when the machine goes down while it runs: the
 * event's id is the same then.
 */
#include "target_worker.h"
#include "queue_event.h"
#include "lib/base/opt.h"

#include <string.h>
#include <sysexits.h>

enum { WORDS_MAX = 64, DEFAULT_MINUTES = 60, MOST_MINUTES = 36 * 60, CANNOT_RUN = 127 };

static int need_command(const struct target_job *job, const char **words, struct err *err)
{
	size_t n = queue_config_all(job->config, job->name, "command", words, WORDS_MAX);

	words[n] = NULL;
	if (n && *words[0])
		return 0;
	return err_set(err, ERR_USAGE, "codetrain.%s.command is not set; git config --add "
		       "codetrain.%s.command PROGRAM, then: codetrain queue retry %lld -t %s",
		       job->name, job->name, (long long)job->delivery->event, job->name);
}

static int seconds_of(const struct target_job *job, int *seconds, struct err *err)
{
	const char *text = queue_config_get(job->config, job->name, "timeout", NULL);
	long minutes = DEFAULT_MINUTES;

	if (text && (opt_number(text, &minutes) < 0 || minutes < 1 || minutes > MOST_MINUTES))
		return err_set(err, ERR_USAGE, "codetrain.%s.timeout is \"%s\"; it must be 1 to %d "
			       "minutes", job->name, text, MOST_MINUTES);
	*seconds = (int)minutes * 60;
	return 0;
}

/* The words may hold what is nobody's business but theirs: a person sees the first. */
static void keep_request(struct target_job *job, const char *program, const char *event)
{
	buf_addf(&job->request, "%s <<EVENT\n%s\nEVENT", program, event);
	if (job->request.failed) {
		buf_clear(&job->request);
		job->request.failed = false;
		buf_addf(&job->request, "%.1000s", program);
	}
}

static enum target_verdict start(struct target_job *job, struct err *err)
{
	const char *words[WORDS_MAX + 1];
	struct buf event = BUF_INIT(QUEUE_EVENT_MAX);
	struct strs env = STRS_INIT;
	enum target_verdict verdict = TARGET_FAILED;
	int seconds = 0;

	if (need_command(job, words, err) == 0 && seconds_of(job, &seconds, err) == 0 &&
	    queue_event_text(job, &event, err) == 0 && target_worker_environment(job, &env, err) == 0) {
		const struct target_work work = {
			.argv = words, .envp = (const char *const *)env.v, .input = buf_str(&event),
			.timeout_s = seconds,
		};

		keep_request(job, words[0], buf_str(&event));
		verdict = target_worker_start(job, &work, err);
	}
	buf_free(&event);
	strs_free(&env);
	return verdict;
}

/* The last line that says something. */
static int last_line(const char *output, const char **line)
{
	size_t end = strlen(output), begin;

	while (end > 0 && strchr(" \n\r", output[end - 1]))
		end--;
	begin = end;
	while (begin > 0 && output[begin - 1] != '\n')
		begin--;
	*line = output + begin;
	return end - begin > 300 ? 300 : (int)(end - begin);
}

static enum target_verdict judge(struct target_job *job, const struct target_worked *w, struct err *err)
{
	struct buf name = BUF_INIT(512);
	const char *line;
	int len = last_line(json_string(w->result, "output", ""), &line);
	enum target_verdict verdict = TARGET_FAILED;

	if (target_worker_path(job->gitdir, job->delivery, NULL, &name, err) < 0)
		goto out;
	if (w->timed_out) {
		err_set(err, ERR_NO, "the command took longer than codetrain.%s.timeout", job->name);
	} else if (w->exit_code == CANNOT_RUN && *json_string(w->result, "error", "")) {
		err_set(err, ERR_USAGE, "%s", json_string(w->result, "error", ""));
	} else if (w->exit_code) {
		err_set(err, w->exit_code == EX_TEMPFAIL ? ERR_UNAVAILABLE : ERR_NO,
			"the command ended with %d%s%.*s", w->exit_code, len ? ": " : "", len, line);
	} else {
		buf_addf(&job->outcome, "done%s%.*s; log: codetrain/builds/%s.log", len ? ": " : "", len,
			 line, buf_str(&name));
		verdict = TARGET_DONE;
	}
	if (verdict == TARGET_FAILED)
		err_suffix(err, "; log: codetrain/builds/%s.log", buf_str(&name));
	if (verdict == TARGET_FAILED && err->class != ERR_UNAVAILABLE)
		err_suffix(err, "; codetrain queue retry %lld -t %s", (long long)job->delivery->event,
			   job->name);
out:
	buf_free(&name);
	return verdict;
}

static enum target_verdict look(struct target_job *job, struct err *err)
{
	return target_worker_look(job, judge, err);
}

const struct target target_exec = {
	.name = "exec",
	.slots = 4,
	.kind = TARGET_SPAWNS,
	.deletions = true,
	.start = start,
	.look = look,
};
