#include "lib/base/clock.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "report_junit.h"
#include "result.h"
#include "submit.h"

#include <stdlib.h>
#include <string.h>

#define NAME "codetrain submit"

static const char notes[] =
	"The spec is a CreateTrainingJob request in JSON; ${VAR} and ${VAR:-default} in\n"
	"its strings are filled in from the environment; options override its members.\n"
	"The name of the job is BASE-HASH, so that the same request of the same commit\n"
	"is one job: submitting it again finds that job.\n\n"
	"exit codes: 0 done, 1 the job Failed, 2 invalid input and nothing was done,\n"
	"3 the job was Stopped, 4 waiting timed out and the job goes on, 5 the name is\n"
	"taken by another request, 6 access denied, 7 AWS is throttled or unavailable";

static const struct opt_program *program(struct submit_options *o, bool *no_logs)
{
	static struct opt options[40];
	const struct opt rows[] = {
		{ "image", 0, OPT_STRING, &o->request.image, "IMAGE", "training image, REPOSITORY[:TAG]" },
		{ "role", 0, OPT_STRING, &o->request.role, "ROLE",
		  "execution role: an ARN, or a name in the job's account" },
		{ "instance-type", 0, OPT_STRING, &o->request.instance_type, "TYPE", "such as ml.c4.2xlarge" },
		{ "instance-count", 0, OPT_NUMBER, &o->request.instance_count, "N", "default: 1" },
		{ "input", 0, OPT_LIST, &o->request.inputs, "CHANNEL=S3URI",
		  "input data; without CHANNEL= it is \"training\";\nmay be given again" },
		{ "output-path", 0, OPT_STRING, &o->request.output_path, "S3URI",
		  "where the artefact goes" },
		{ "hyperparameter", 0, OPT_LIST, &o->request.hyperparameters, "K=V",
		  "may be given again" },
		{ "set", 0, OPT_LIST, &o->request.sets, "PATH=VALUE",
		  "any member, such as\nStoppingCondition.MaxRuntimeInSeconds=600;\nmay be given again" },
		{ "base-name", 0, OPT_STRING, &o->request.base_name, "BASE",
		  "the job's name is BASE-HASH\n(default: the image's name)" },
		{ "job-name", 0, OPT_STRING, &o->request.job_name, "NAME", "the job's name, as it is" },
		{ "new", 0, OPT_FLAG, &o->fresh, NULL, "train again what was trained already" },
		IDENTITY_OPTIONS(&o->identity),
		{ "wait", 0, OPT_FLAG, &o->wait, NULL, "wait for the end of the job, with its log" },
		{ "timeout", 0, OPT_SECONDS, &o->waiting.timeout, "TIME",
		  "wait no longer than this (90s, 15m, 2h)" },
		{ "no-logs", 0, OPT_FLAG, no_logs, NULL, "wait without the log" },
		{ "stop-on-signal", 0, OPT_FLAG, &o->waiting.stop_on_signal, NULL,
		  "an interrupt while waiting stops the job" },
		{ "dry-run", 0, OPT_FLAG, &o->dry_run, NULL, "print what would be sent, and send nothing" },
		{ "report", 0, OPT_STRING, &o->report, "FILE", "write a JUnit report" },
		{ "json", 0, OPT_FLAG, &o->json, NULL, "print the job as a JSON object" },
		OPT_END,
	};
	static struct opt_program p = {
		.name = NAME,
		.synopsis = "[OPTION…] [training-job.json]",
		.purpose = "Submits a SageMaker training job, once: checked before it is sent, with\n"
			   "its image pinned, in this account or in another one.",
		.notes = notes,
		.options = options,
		.max_args = 1,
	};

	_Static_assert(sizeof(rows) <= sizeof(options), "options has room for all rows");
	memcpy(options, rows, sizeof(rows));
	return &p;
}

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* https://user:token@host/path without the middle: it may be a secret. */
static const char *without_user(const char *url, char out[static 512])
{
	const char *host = strstr(url, "://");
	size_t len = host ? strcspn(host + 3, "/") : 0;
	const char *at = host ? memrchr(host + 3, '@', len) : NULL;

	snprintf(out, 512, "%.*s%s", at ? (int)(host + 3 - url) : 0, url, at ? at + 1 : url);
	return out;
}

static int finish(const struct submit_options *o, const struct submit_build *build,
		  const struct submit_result *result, int64_t started_ms, struct err *err)
{
	cJSON *object = result->described ? result_json(result->described, result->attached) : NULL;
	struct report_junit report = {
		.name = json_string(object, "job", o->request.file ? o->request.file : "request"),
		.started = started_ms / 1000,
		.seconds = (double)(clock_now_ms() - started_ms) / 1000,
		.outcome = err,
		.result = object,
		.commit = build->commit,
	};
	struct err e = { 0 };
	int failed = 0;

	if (object && o->json)
		failed = result_print(object, stdout, &e);
	else if (object)
		printf("%s\n", json_string(object, "job", ""));
	if (o->report && report_junit_write(&report, o->report, &e) < 0)
		failed = -1;
	json_free(object);
	if (failed < 0 && err->class == ERR_NONE)
		*err = e;
	else if (failed < 0)
		term_warning(NAME, "%s", e.message);
	return failed;
}

int main(int argc, char **argv)
{
	struct submit_options o = { .request.instance_count = -1, .waiting = WAIT_OPTIONS_INIT };
	struct submit_result result = { 0 };
	struct err err = { 0 };
	struct strs args = STRS_INIT;
	struct submit_build build;
	char repository[512];
	bool no_logs = false;
	int64_t started = clock_now_ms();

	(void)argc;
	secret_process_init();
	if (opt_parse(program(&o, &no_logs), argv, &args, &err) == OPT_GO) {
		o.request.file = args.n > 0 ? args.v[0] : NULL;
		o.waiting.logs = !no_logs;
		o.waiting.states = o.waiting.lines = stderr;
		o.waiting.stop = wait_catch_signals();
		build.commit = from_environment("CODEBUILD_RESOLVED_SOURCE_VERSION");
		build.build = from_environment("CODEBUILD_BUILD_ID");
		build.repository = without_user(from_environment("CODEBUILD_SOURCE_REPO_URL"),
						repository);
		submit_run(&o, &build, &result, &err);
		finish(&o, &build, &result, started, &err);
	}
	json_free(result.described);
	strs_free(&o.request.inputs);
	strs_free(&o.request.hyperparameters);
	strs_free(&o.request.sets);
	strs_free(&args);
	return term_finish(NAME, &err);
}
