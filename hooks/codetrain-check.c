/*
 * codetrain check: the checks of pre-push by hand, in CI and in a build step.
 */
#include "hooks/checks/check.h"
#include "hooks/checks/check_redact.h"
#include "hooks/checks/check_rules.h"
#include "hooks/checks/check_select.h"
#include "hooks/objects/range_repo.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <string.h>

static const char name[] = "codetrain check";

enum { REMOTE_MAX = 8192 };

struct wanted {
	struct strs types, rules;
	const char *range, *format, *builtin;
	bool all, json;
};

static int validate(const struct wanted *w, const struct strs *args, struct err *err)
{
	if (w->range && w->all)
		return err_set(err, ERR_USAGE, "--range and --all exclude each other");
	if ((w->range || w->all) && args->n > 0)
		return err_set(err, ERR_USAGE, "files are checked as they are; leave out --%s",
			       w->all ? "all" : "range");
	for (size_t i = 0; i < w->types.n; i++)
		if (check_known_type(w->types.v[i], err) < 0 ||
		    (args->n > 0 && check_takes_files(w->types.v[i], err) < 0))
			return -1;
	if (!report_format(w->format, NULL))
		return err_set(err, ERR_USAGE, "--format is text, json, sarif or junit, not \"%s\"",
			       w->format);
	return 0;
}

static int select_commits(struct check_run *run, const struct wanted *w, struct err *err)
{
	if (w->range)
		return check_select_range(run, w->range, err);
	return w->all ? check_select_all(run, err) : check_select_unpushed(run, err);
}

static int check_commits(struct check_run *run, const struct wanted *w, struct err *err)
{
	struct buf remote = BUF_INIT(REMOTE_MAX), url = BUF_INIT(REMOTE_MAX);
	int rc = select_commits(run, w, err);

	if (rc == 0)
		rc = check_select_remote(run, &remote, &url, err);
	if (rc == 0)
		rc = check_repository(run, err);
	if (rc == 0 && w->all)
		rc = check_secrets_stale(run, err);
	buf_free(&remote);
	buf_free(&url);
	return rc;
}

static int check_all(struct check_run *run, const struct wanted *w, const struct strs *args,
		     struct err *err)
{
	check_types(run, args->n > 0, run->report->checks);
	if (w->builtin && check_policy_builtin(&run->policy, w->builtin, err) < 0)
		return -1;
	for (size_t i = 0; i < w->rules.n; i++)
		if (check_rules_file(run, w->rules.v[i], err) < 0)
			return -1;
	return args->n > 0 ? check_files(run, args, err) : check_commits(run, w, err);
}

static int tell(const struct wanted *w, const struct report *report, struct err *err)
{
	struct buf summary = BUF_INIT(256);

	if (report_format(w->format, NULL)(report, stdout, err) < 0)
		return -1;
	report_summary(report, &summary);
	if (strcmp(w->format, "text") == 0)
		term_note(name, "%s", buf_str(&summary));
	buf_free(&summary);
	if (report->errors)
		err->class = ERR_NO;
	return 0;
}

/* Checks that did not end are told in the formats that have a word for it. */
static void tell_fault(const struct wanted *w, struct report *report, const struct err *err)
{
	struct err ignored;
	bool shows_faults;
	report_fn *fn = report_format(w->format, &shows_faults);

	report->fault = err->message;
	if (shows_faults)
		fn(report, stdout, &ignored);
}

static int run(const struct wanted *w, const struct strs *args, struct err *err)
{
	git_repository *repo = NULL;
	struct report report = { 0 };
	struct check_run run = { 0 };
	int rc = 0;

	/* plain files need no repository, and may be outside one */
	if (args->n == 0)
		rc = range_repo_open(false, &repo, err);
	if (rc == 0)
		rc = check_open(&run, repo, &report, err);
	run.types = &w->types;
	if (rc == 0)
		rc = check_all(&run, w, args, err);
	if (rc == 0)
		rc = tell(w, &report, err);
	if (rc < 0) {
		check_redact_fault(&run, err);
		tell_fault(w, &report, err);
	}
	check_close(&run);
	report_free(&report);
	git_repository_free(repo);
	return rc;
}

int main(int argc, char **argv)
{
	struct wanted w = { .format = "text" };
	const struct opt options[] = {
		{ "type", 't', OPT_LIST, &w.types, "TYPE",
		  "only these checks: secrets, training-job, model,\n"
		  "buildspec, container, size, remote; may be given\n"
		  "several times" },
		{ "range", 0, OPT_STRING, &w.range, "A..B", "the commits of B that are not in A" },
		{ "all", 0, OPT_FLAG, &w.all, NULL, "the whole history of every ref" },
		{ "rules", 0, OPT_LIST, &w.rules, "FILE",
		  "rules for secrets beside the built-in ones: a .rules\n"
		  "file, or gitleaks' TOML; may be given several times" },
		{ "builtin-rules", 0, OPT_STRING, &w.builtin, "WORDS",
		  "which built-in rules count: all, none, or groups\n"
		  "such as \"aws github\"" },
		{ "format", 0, OPT_STRING, &w.format, "FORMAT",
		  "text (the default), json, sarif or junit" },
		{ "json", 0, OPT_FLAG, &w.json, NULL, "the same as --format json" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = name,
		.synopsis = "[OPTION...] [--range A..B | --all | FILE|DIR...]",
		.purpose = "Checks what a push would make public: by default the commits of HEAD that no\n"
			   "remote has, and the specs at HEAD. FILE and DIR are checked as they are on\n"
			   "disk, in a repository or not.",
		.notes = "Exits 0 when no error was found, 1 when one was, 2 when nothing could be\n"
			 "checked. Warnings alone exit 0.",
		.options = options,
		.max_args = -1,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	if (opt_parse(&program, argv, &args, &err) == OPT_GO) {
		if (w.json)
			w.format = "json";
		if (validate(&w, &args, &err) == 0)
			run(&w, &args, &err);
	}
	strs_free(&args);
	strs_free(&w.types);
	strs_free(&w.rules);
	return term_finish(name, &err);
}
