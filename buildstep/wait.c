#include "wait.h"

#include "lib/base/clock.h"
#include "lib/base/stop.h"
#include "lib/base/term.h"
#include "logs.h"
#include "result.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	SLOWER_AFTER_MS = 30000,
	STOPPING_MS = 15 * 60 * 1000,	/* SageMaker gives a container 2 minutes, then uploads */
	LAST_LOOKS = 3,			/* log lines may come a moment after the end */
	MAX_SECONDS = 60 * 86400,	/* a job runs for 28 days at most, and waits no longer */
};

struct waiting {
	struct identity *id;
	const struct wait_options *o;
	const char *job;
	struct logs *logs;
	deadline_t deadline;
	deadline_t patience;	/* AWS must answer before this */
	int64_t started;
	size_t transitions;	/* printed so far */
	char message[256];	/* of the last one printed */
	bool progress;		/* there is a progress line to clear */
	bool stopping;
	bool logs_warned;
};

static volatile int signalled;

static void on_signal(int number)
{
	(void)number;
	signalled = 1;
}

volatile int *wait_catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal }, old;

	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		/* nohup and shells have some ignored: that stays */
		if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	return &signalled;
}

int wait_describe(struct identity *id, const char *job, cJSON **described, struct err *err)
{
	cJSON *q = cJSON_CreateObject();
	int result;

	if (json_set_string(q, "TrainingJobName", job) < 0) {
		json_free(q);
		return err_set(err, ERR_INTERNAL, "no memory to describe a job");
	}
	result = identity_call(id, "sagemaker:DescribeTrainingJob", q, described, err);
	json_free(q);
	/* a missing job is told as a validation error */
	if (result < 0 && id->job && strcasestr(aws_error_message(id->job), "not found"))
		err_set(err, ERR_NO, "there is no training job %s in %s (%s)", job,
			aws_label(id->job), aws_region(id->job));
	return result;
}

static void clear_progress(void *arg)
{
	struct waiting *w = arg;

	if (w->progress)
		fputs("\r\033[K", w->o->states);
	w->progress = false;
}

static void show_progress(struct waiting *w, const cJSON *d)
{
	size_t n = json_count(d, "FinalMetricDataList");
	int64_t start = json_integer(d, "SecondaryStatusTransitions[0].StartTime", 0);
	long long seconds = (long long)(clock_now() - start);

	if (seconds < 0 || seconds > MAX_SECONDS)	/* clocks differ: since it is watched */
		seconds = (long long)((clock_now_ms() - w->started) / 1000);
	if (!isatty(fileno(w->o->states)))
		return;
	clear_progress(w);
	fprintf(w->o->states, "%s%s  %lld:%02lld", term_style(w->o->states, TERM_DIM),
		json_string(d, "SecondaryStatus", "waiting"), seconds / 60, seconds % 60);
	if (n > 0)
		fprintf(w->o->states, "  %s %.4g",
			json_string(json_at(d, "FinalMetricDataList", n - 1), "MetricName", ""),
			json_number(json_at(d, "FinalMetricDataList", n - 1), "Value", 0));
	fputs(term_style(w->o->states, TERM_PLAIN), w->o->states);
	fflush(w->o->states);
	w->progress = true;
}

static void show_states(struct waiting *w, const cJSON *d)
{
	size_t n = json_count(d, "SecondaryStatusTransitions");
	size_t i = w->transitions > 0 ? w->transitions - 1 : 0;

	for (; i < n; i++) {
		const cJSON *t = json_at(d, "SecondaryStatusTransitions", i);
		const char *message = json_string(t, "StatusMessage", "");
		char when[CLOCK_EXTENDED_LEN];
		int64_t start = json_integer(t, "StartTime", 0);
		struct err line;

		/* the last one that was printed may have another message by now */
		if (i + 1 == w->transitions && strncmp(message, w->message, sizeof(w->message) - 1) == 0)
			continue;
		snprintf(w->message, sizeof(w->message), "%s", message);
		clear_progress(w);
		clock_extended(start > 0 ? start : clock_now(), when);
		/* the text may be the container's: err_set keeps it from steering a terminal */
		err_set(&line, ERR_NONE, "%.8s %s%s%s", when + 11, json_string(t, "Status", "?"),
			*message ? ": " : "", message);
		fprintf(w->o->states, "%s\n", line.message);
	}
	w->transitions = n;
	fflush(w->o->states);
}

static void poll_logs(struct waiting *w, size_t *lines)
{
	struct logs_sink sink = { .out = w->o->lines, .before = clear_progress, .arg = w };
	struct err e = { 0 };

	*lines = 0;
	if (!w->logs || logs_poll(w->logs, w->id, &sink, lines, &e) == 0)
		return;
	/* the job matters more than its logs; what was not read is read next time */
	if (!w->logs_warned && e.class != ERR_UNAVAILABLE) {
		clear_progress(w);
		fprintf(w->o->states, "the log cannot be read: %s\n", e.message);
		w->logs_warned = true;
	}
}

static void pause_for(int ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);	/* a signal ends it, and is looked at next */
}

static int interval(const struct waiting *w)
{
	int ms = clock_now_ms() - w->started < SLOWER_AFTER_MS ? w->o->fastest_ms :
								 w->o->slowest_ms;
	int left = deadline_left(w->deadline);

	return left < ms ? left : ms;
}

static int stop_job(struct waiting *w, struct err *err)
{
	cJSON *q = cJSON_CreateObject();
	int result;

	*w->o->stop = 0;	/* or no call could be made; a second signal ends the waiting */
	w->stopping = true;
	w->deadline = deadline_in(STOPPING_MS);
	clear_progress(w);
	fprintf(w->o->states, "stopping %s\n", w->job);
	result = json_set_string(q, "TrainingJobName", w->job) < 0 ?
			 err_set(err, ERR_INTERNAL, "no memory to stop a job") :
			 identity_call(w->id, "sagemaker:StopTrainingJob", q, NULL, err);
	json_free(q);
	/* one that is over meanwhile cannot be stopped, and need not be */
	return result < 0 && err->class == ERR_USAGE ? 0 : result;
}

static int goes_on(const struct waiting *w, const char *why, struct err *err)
{
	return err_set(err, ERR_TIMEOUT, "%s; the job goes on: codetrain watch %s", why, w->job);
}

/* Has something other than the job's end come? 0: wait on. */
static int interrupted(struct waiting *w, struct err *err)
{
	if (stop_is_set(w->o->stop)) {
		if (!w->o->stop_on_signal || w->stopping)
			return goes_on(w, "waiting was ended by a signal", err);
		if (stop_job(w, err) < 0)
			return -1;
	}
	if (deadline_over(w->deadline))
		return goes_on(w, w->stopping ? "the job did not stop in time" :
						"waiting timed out", err);
	return 0;
}

/* Lines that came between the last look and the end. */
static void drain(struct waiting *w)
{
	size_t lines = 1;

	for (int i = 0; w->logs && i < LAST_LOOKS && !stop_is_set(w->o->stop); i++) {
		poll_logs(w, &lines);
		if (lines == 0 && i > 0)
			break;
		pause_for(w->o->fastest_ms / 2);
	}
}

static int look(struct waiting *w, cJSON **described, struct err *err)
{
	struct err e = { 0 };
	cJSON *d = NULL;

	if (wait_describe(w->id, w->job, &d, &e) < 0) {
		if (stop_is_set(w->o->stop))
			return 0;	/* the signal ended the call */
		if (e.class == ERR_UNAVAILABLE && *described && !deadline_over(w->patience))
			return 0;
		*err = e;
		return -1;
	}
	json_free(*described);
	*described = d;
	w->patience = deadline_in(w->o->patience_ms);
	return 0;
}

int wait_job(struct identity *id, const char *job, const struct wait_options *o,
	     cJSON **described, struct err *err)
{
	struct waiting w = {
		.id = id, .o = o, .job = job, .started = clock_now_ms(),
		.deadline = deadline_in((int64_t)(o->timeout ? o->timeout : MAX_SECONDS) * 1000),
		.patience = deadline_in(o->patience_ms),
	};
	size_t lines;
	int result = -1;

	*described = NULL;
	if (o->logs && !(w.logs = logs_new(job, err)))
		return -1;
	for (;;) {
		if (look(&w, described, err) < 0)
			break;
		if (*described && result_final(*described)) {
			drain(&w);	/* the last lines stand before the end */
			show_states(&w, *described);
			result = 0;
			break;
		}
		if (*described)
			show_states(&w, *described);
		poll_logs(&w, &lines);
		if (interrupted(&w, err) < 0)
			break;
		if (*described)
			show_progress(&w, *described);
		pause_for(interval(&w));
	}
	clear_progress(&w);
	logs_free(w.logs);
	return result;
}
