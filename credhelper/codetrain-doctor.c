/*
 * codetrain doctor: what is wrong with this machine's set-up, and the command
 * that mends it.
 */
#include "doctor.h"

#include "lib/base/clock.h"
#include "lib/base/opt.h"
#include "lib/base/secret.h"
#include "lib/base/term.h"

#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static const char name[] = "codetrain doctor";

static const char *environment(const char *variable)
{
	return getenv(variable);
}

static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user = home && *home ? NULL : getpwuid(getuid());

	return user ? user->pw_dir : home;
}

/* Looking is quick and asks nobody: one try for each call, a short wait, and no
 * prompt for a code or a password. */
static void set_bounds(void)
{
	setenv("AWS_MAX_ATTEMPTS", "1", 1);
	setenv("CODETRAIN_HTTP_TIMEOUT", "10", 0);
	setenv("GIT_TERMINAL_PROMPT", "0", 1);
	unsetenv("GIT_ASKPASS");
	unsetenv("SSH_ASKPASS");
}

static int tell(const struct doctor *d, bool json, struct err *err)
{
	struct buf summary = BUF_INIT(256);

	if (json && doctor_report_json(d, stdout, err) < 0)
		return -1;
	if (!json) {
		doctor_report_text(d, stdout);
		doctor_report_summary(&d->report, &summary);
		fflush(stdout);
		term_note(name, "%s", buf_str(&summary));
	}
	if (d->report.count[DOCTOR_ERROR] || d->report.count[DOCTOR_WARNING])
		err->class = ERR_NO;
	buf_free(&summary);
	return 0;
}

static int run(struct doctor *d, bool json, struct err *err)
{
	if (d->region && region_check(d->region, "--region", err) < 0)
		return -1;
	d->getenv = environment;
	d->home = home_folder();
	d->now = clock_now();
	set_bounds();
	return doctor_run(d, err) < 0 ? -1 : tell(d, json, err);
}

int main(int argc, char **argv)
{
	struct doctor *d = calloc(1, sizeof(*d));
	bool json = false;
	const struct opt options[] = {
		{ "profile", 0, OPT_STRING, d ? &d->profile : NULL, "PROFILE",
		  "this profile, whatever the helpers of the remotes use" },
		{ "remote", 0, OPT_STRING, d ? &d->remote : NULL, "NAME|URL",
		  "only this remote of the repository, or this URL" },
		{ "region", 0, OPT_STRING, d ? &d->region : NULL, "REGION",
		  "where no remote tells: the region whose host is meant" },
		{ "json", 0, OPT_FLAG, &json, NULL, "the report as JSON" },
		{ "offline", 0, OPT_FLAG, d ? &d->offline : NULL, NULL, "leave the network alone" },
		OPT_END,
	};
	const struct opt_program program = {
		.name = name,
		.synopsis = "[OPTION…]",
		.purpose = "Looks for what stands between git and CodeCommit on this machine: git's\n"
			   "configuration, the AWS config files, the credentials and the network. Each\n"
			   "finding says where it is and which command mends it; nothing is changed.",
		.notes = "Exits 0 when nothing is wrong (there may be notes), 1 when something is, 2 for\n"
			 "wrong usage.",
		.options = options,
	};
	struct strs args = STRS_INIT;
	struct err err = { 0 };

	(void)argc;
	secret_process_init();
	signal(SIGPIPE, SIG_IGN);
	if (!d)
		err_set(&err, ERR_INTERNAL, "no memory");
	else if (opt_parse(&program, argv, &args, &err) == OPT_GO)
		run(d, json, &err);
	if (d)
		doctor_free(d);
	free(d);
	strs_free(&args);
	return term_finish(name, &err);
}
