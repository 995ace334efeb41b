/*
 * pre-push NAME URL: git runs it before a push and gives it the refs on
 * standard input. It refuses a push that would make a secret public, or that
 * the build or SageMaker would refuse later.
 *
 * It exits 0 or 1: whatever goes wrong, nothing unchecked leaves.
 */
#include "hooks/checks/bypass.h"
#include "hooks/checks/check.h"
#include "hooks/checks/check_redact.h"
#include "hooks/checks/check_tips.h"
#include "hooks/objects/range_repo.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char name[] = "codetrain";

enum { REFS_BYTES_MAX = 32 << 20, GRACE_SECONDS = 1 };

/* The last resort, when a file system or a library hangs. */
static void on_alarm(int signal)
{
	static const char text[] =
		"codetrain: error: the checks hang; the push is refused; git config codetrain.deadline "
		"2m gives more time\n";

	(void)signal;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	_exit(ERR_NO);
}

static void set_alarm(long seconds)
{
	const struct sigaction act = { .sa_handler = on_alarm };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGALRM);
	sigprocmask(SIG_UNBLOCK, &set, NULL);	/* a mask is inherited */
	sigaction(SIGALRM, &act, NULL);
	alarm((unsigned)seconds + GRACE_SECONDS);
}

/* What the configuration says, before the objects are opened. */
static void set_alarm_of(git_repository *repo)
{
	struct check_policy policy;
	struct err ignored;

	check_policy_init(&policy);
	if (check_policy_config(&policy, repo, &ignored) == 0)
		set_alarm(policy.seconds);
	check_policy_free(&policy);
}

static int check(struct check_run *run, const char *remote, const char *url, struct err *err)
{
	struct buf refs = BUF_INIT(REFS_BYTES_MAX);
	int rc = file_read_fd(STDIN_FILENO, "standard input", &refs, err);

	if (rc == 0)
		rc = range_read(&run->range, buf_str(&refs), refs.len, err);
	buf_free(&refs);
	if (rc < 0 || range_of_push(&run->range, remote, url, err) < 0 ||
	    check_tips_of_push(run, err) < 0)
		return -1;
	return check_repository(run, err);
}

static void refuse(const struct report *report, bool ended)
{
	struct buf summary = BUF_INIT(256);

	if (ended || report->errors)
		report_summary(report, &summary);
	if (!ended)
		buf_adds(&summary, summary.len ? "; not all was checked" : "it could not be checked");
	fprintf(stderr, "%s: push refused: %s. Nothing was sent.\n", name, buf_str(&summary));
	fprintf(stderr, "%s: to push all the same, and have it written down:\n"
			"           %s='the reason' git push\n", name, BYPASS_VARIABLE);
	buf_free(&summary);
}

/* 0 when the push may go on. */
static int decide(struct check_run *run, const struct report *report, bool json, int rc,
		  const char *url, struct err *err)
{
	const char *reason = getenv(BYPASS_VARIABLE);
	struct err fault = { 0 };

	if (rc < 0)
		check_redact_fault(run, err);
	report_text(report, stderr, &fault);
	if (json)
		report_json(report, stdout, &fault);
	if (rc == 0 && report->errors == 0)
		return 0;
	if (rc < 0 && err->class == ERR_TIMEOUT)
		err_suffix(err, " (%ld s; git config codetrain.deadline 2m gives more time)",
			   run->policy.seconds);
	if (rc < 0)
		term_error(name, err);
	if (reason && bypass(run, url, reason, rc < 0 ? err : NULL, &fault) == 0)
		return 0;
	if (fault.class)
		term_error(name, &fault);
	refuse(report, rc == 0);
	return ERR_NO;
}

static int run(const char *remote, const char *url, bool json)
{
	git_repository *repo = NULL;
	struct report report = { 0 };
	struct check_run run = { 0 };
	struct err err = { 0 };
	int rc, code;

	/* opening reads, too: until the configuration is known, the usual time */
	set_alarm(CHECK_POLICY_SECONDS);
	rc = range_repo_open(true, &repo, &err);
	if (rc == 0)
		set_alarm_of(repo);
	if (rc == 0)
		rc = check_open(&run, repo, &report, &err);
	run.report = &report;
	if (rc == 0) {
		run.range.deadline = deadline_in(1000 * (int64_t)run.policy.seconds);
		set_alarm(run.policy.seconds);
		run.remote = remote;
		run.url = url;
		rc = check(&run, remote, url, &err);
	}
	code = decide(&run, &report, json, rc, url, &err);
	check_close(&run);
	report_free(&report);
	git_repository_free(repo);
	return code;
}

int main(int argc, char **argv)
{
	bool json = false;
	const struct opt options[] = {
		{ "json", 0, OPT_FLAG, &json, NULL, "print what was found as JSON on standard output" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = "pre-push",
		.synopsis = "[--json] REMOTE URL <REFS",
		.purpose = "Refuses a push that would make a secret public, or that the build or\n"
			   "SageMaker would refuse later. git runs it; codetrain hooks install sets it up.",
		.notes = "CODETRAIN_SKIP_CHECKS='the reason' git push lets a push through and keeps a\n"
			 "record in .git/codetrain/bypass.log and in git config codetrain.bypass-log.",
		.options = options,
		.min_args = 2,
		.max_args = 2,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };
	int code = ERR_NO;

	(void)argc;
	secret_process_init();
	switch (opt_parse(&program, argv, &args, &err)) {
	case OPT_ERROR:
		break;
	case OPT_DONE:
		code = 0;
		break;
	case OPT_GO:
		code = run(args.v[0], args.v[1], json);
		break;
	}
	strs_free(&args);
	return term_finish(name, &err) ? ERR_NO : code;
}
