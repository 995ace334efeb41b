#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "name.h"
#include "result.h"
#include "wait.h"

#define NAME "codetrain watch"

static const char notes[] =
	"exit codes: 0 the job Completed, 1 it Failed or there is no such job, 3 it was\n"
	"Stopped or ran out of time, 4 waiting ended and the job goes on, 6 access\n"
	"denied, 7 AWS is throttled or unavailable";

static int watch(const char *job, const struct identity_options *who,
		 const struct wait_options *waiting, bool json, struct err *err)
{
	struct identity id = { 0 };
	cJSON *described = NULL, *object;
	int result = -1;

	if (!name_valid(job))
		return err_set(err, ERR_USAGE, "\"%.80s\" is not the name of a training job", job);
	if (identity_open(&id, who, waiting->stop, err) == 0)
		result = wait_job(&id, job, waiting, &described, err);
	identity_close(&id);
	if (result == 0) {
		err->class = ERR_NONE;	/* of what was tried on the way */
		result_summary(described, waiting->states);
		result = result_outcome(described, err);
	}
	if (described && json) {
		struct err e = { 0 };

		object = result_json(described, true);
		if (result_print(object, stdout, &e) < 0 && result == 0) {
			*err = e;
			result = -1;
		}
		json_free(object);
	}
	json_free(described);
	return result;
}

int main(int argc, char **argv)
{
	struct wait_options waiting = WAIT_OPTIONS_INIT;
	struct identity_options who = { 0 };
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	bool no_logs = false, json = false;
	const struct opt options[] = {
		{ "timeout", 0, OPT_SECONDS, &waiting.timeout, "TIME",
		  "wait no longer than this (90s, 15m, 2h)" },
		{ "no-logs", 0, OPT_FLAG, &no_logs, NULL, "states alone, without the log" },
		{ "stop-on-signal", 0, OPT_FLAG, &waiting.stop_on_signal, NULL,
		  "an interrupt stops the job" },
		IDENTITY_OPTIONS(&who),
		{ "json", 0, OPT_FLAG, &json, NULL, "print the job as a JSON object at the end" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = NAME,
		.synopsis = "[OPTION…] JOB",
		.purpose = "Follows a training job to its end: its states, its log lines, its metrics.",
		.notes = notes,
		.options = options,
		.min_args = 1,
		.max_args = 1,
	};

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO) {
		waiting.logs = !no_logs;
		waiting.states = stderr;
		waiting.lines = json ? stderr : stdout;
		waiting.stop = wait_catch_signals();
		watch(args.v[0], &who, &waiting, json, &err);
	}
	strs_free(&args);
	return term_finish(NAME, &err);
}
