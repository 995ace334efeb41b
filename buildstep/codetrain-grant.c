#include "grant.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"
#include "result.h"
#include "wait.h"

#include <string.h>

#define NAME "codetrain grant"

static const char notes[] =
	"plan   compares what the accounts grant each other with what the story needs:\n"
	"       + is missing, ~ differs, = is there\n"
	"apply  makes what is missing; what others wrote into a document stays\n\n"
	"exit codes: 0 done (plan: also when there are changes), 1 something that must be\n"
	"there first is missing, 2 invalid accounts file, 6 access denied, 7 AWS is\n"
	"throttled or unavailable; after a failure run apply again, it goes on";

static int grant(const char *verb, const char *file, bool json, struct err *err)
{
	struct grant_options o = {
		.apply = strcmp(verb, "apply") == 0,
		.out = json ? NULL : stdout,
		.file = file,
		.stop = wait_catch_signals(),
	};
	struct accounts accounts;
	cJSON *result = NULL;
	struct err e = { 0 };
	int status;

	if (!o.apply && strcmp(verb, "plan") != 0)
		return err_set(err, ERR_USAGE, "\"%.40s\" is neither plan nor apply; see %s --help",
			       verb, NAME);
	if (accounts_load(file, &accounts, err) < 0)
		return -1;
	status = grant_run(&accounts, &o, &result, err);
	if (json && result_print(result, stdout, &e) < 0 && status == 0) {
		*err = e;
		status = -1;
	}
	json_free(result);
	accounts_free(&accounts);
	return status;
}

int main(int argc, char **argv)
{
	const char *file = "accounts.json";
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	bool json = false;
	const struct opt options[] = {
		{ "file", 'f', OPT_STRING, &file, "FILE", "the accounts (default: accounts.json)" },
		{ "json", 0, OPT_FLAG, &json, NULL, "print the plan as a JSON object" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = NAME,
		.synopsis = "plan|apply [-f accounts.json] [--json]",
		.purpose = "Plans and makes the grants between the accounts that build, train and release.",
		.notes = notes,
		.options = options,
		.min_args = 1,
		.max_args = 1,
	};

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		grant(args.v[0], file, json, &err);
	strs_free(&args);
	return term_finish(NAME, &err);
}
