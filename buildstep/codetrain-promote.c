#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "promote.h"
#include "result.h"
#include "wait.h"

#define NAME "codetrain promote"

static const char notes[] =
	"The artefact is read where the job put it: the execution role of each account\n"
	"must be allowed to (codetrain grant). The same model again is success.\n\n"
	"exit codes: 0 all models are there, 1 the job has no model, 2 invalid input,\n"
	"5 the name is taken by a different model, 6 access denied, 7 AWS is throttled or\n"
	"unavailable; with several accounts the highest of theirs";

static int promote(struct promote_options *o, bool json, struct err *err)
{
	cJSON *models = NULL, *object;
	struct err e = { 0 };
	int result;

	if (!o->job && !o->job_file)
		return err_set(err, ERR_USAGE, "name the job, or give --job-file; see %s --help", NAME);
	if (o->to.n == 0)
		return err_set(err, ERR_USAGE, "--to PROFILE is missing: in whose account shall the "
			       "model be?");
	result = promote_run(o, &models, err);
	if (json && models) {
		object = cJSON_CreateObject();
		if (json_set(object, "models", models) < 0)
			result = result < 0 ? -1 : err_set(err, ERR_INTERNAL, "no memory");
		else if (result_print(object, stdout, &e) < 0 && result == 0)
			*err = e;
		json_free(object);
		return result;
	}
	for (size_t i = 0; models && i < json_count(models, ""); i++)
		printf("%s\n", json_string(json_at(models, "", i), "arn", ""));
	json_free(models);
	return result;
}

int main(int argc, char **argv)
{
	struct promote_options o = { .role = "SageMakerExecutionRole", .notes = stderr };
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	bool json = false;
	const struct opt options[] = {
		{ "to", 0, OPT_LIST, &o.to, "PROFILE",
		  "an account to make the model in; may be given again" },
		{ "job-file", 0, OPT_STRING, &o.job_file, "FILE",
		  "what codetrain submit --json printed: then the job's\naccount is not asked" },
		{ "model-name", 0, OPT_STRING, &o.model_name, "NAME", "default: the job's name" },
		{ "role", 0, OPT_STRING, &o.role, "ROLE",
		  "execution role in each account\n(default: SageMakerExecutionRole)" },
		IDENTITY_OPTIONS(&o.identity),
		{ "json", 0, OPT_FLAG, &json, NULL, "print the models as a JSON object" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = NAME,
		.synopsis = "[OPTION…] JOB --to PROFILE…\n[OPTION…] --job-file FILE --to PROFILE…",
		.purpose = "Makes SageMaker models of a finished training job, in other accounts.",
		.notes = notes,
		.options = options,
		.max_args = 1,
	};

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO) {
		o.job = args.n > 0 ? args.v[0] : NULL;
		o.stop = wait_catch_signals();
		promote(&o, json, &err);
	}
	strs_free(&o.to);
	strs_free(&args);
	return term_finish(NAME, &err);
}
