#include "build.h"

#include "lib/base/clock.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INSTALL, PRE_BUILD, BUILD, POST_BUILD };

const char *const build_status_names[] = { "SUCCEEDED", "FAILED", "TIMED_OUT", "STOPPED" };

static const char *const labels[BUILDSPEC_PHASES] = { "INSTALL", "PRE_BUILD", "BUILD", "POST_BUILD" };

/* What happens after a phase. */
enum next { GO_ON, END, AGAIN };

static bool last_line_break(const char *text)
{
	return *text && text[strlen(text) - 1] == '\n';
}

/* The first failure of a phase is the one that is told. */
static void failed(struct build_phase_result *r, const char *command, int status)
{
	if (r->status != BUILD_SUCCEEDED)
		return;
	r->status = BUILD_FAILED;
	r->exit_code = status;
	r->command = strdup(command);
	if (r->command && last_line_break(r->command))
		r->command[strlen(r->command) - 1] = '\0';
	if (asprintf(&r->message, "Error while executing command: %s. Reason: exit status %d",
		     r->command ? r->command : "", status) < 0)
		r->message = NULL;
}

/* A list of commands up to the first that fails. */
static int commands(struct build *b, struct build_shell *sh, const struct buildspec_commands *list,
		    struct build_phase_result *r, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		enum build_end end;
		int status;

		build_output_say_text(&b->output, "Running command ", list->v[i].text);
		if (build_shell_run(sh, list->v[i].text, &status, &end, err) < 0)
			return -1;
		if (b->spec->version == 1 && end == BUILD_DONE) {
			build_shell_end(sh);
			build_shell_init(sh, sh->program, sh->envp, sh->dir, sh->output);
			sh->deadline = b->deadline;
			sh->stop = b->stop;
		}
		if (end != BUILD_DONE) {
			r->status = end == BUILD_TIMED_OUT ? BUILD_STATUS_TIMED_OUT
							   : BUILD_STATUS_STOPPED;
			b->status = r->status;
			return 0;
		}
		if (status != 0) {
			build_output_say(&b->output, "Command did not exit successfully %.200s exit status %d",
					 list->v[i].text, status);
			failed(r, list->v[i].text, status);
			return 0;
		}
	}
	return 0;
}

static bool over(const struct build_phase_result *r)
{
	return r->status == BUILD_STATUS_TIMED_OUT || r->status == BUILD_STATUS_STOPPED;
}

/* Every shell from here on sees a build that fails: in version 0.2 the one that
 * runs, in 0.1 the next ones. */
static int mark_failing(struct build *b, struct build_shell *sh, struct err *err)
{
	static const char name[] = "CODEBUILD_BUILD_SUCCEEDING=";
	enum build_end end;
	int status;

	for (size_t i = 0; i < b->env.n; i++)
		if (strncmp(b->env.v[i], name, strlen(name)) == 0)
			b->env.v[i][strlen(name)] = '0';
	if (b->spec->version == 1)
		return 0;
	return build_shell_run(sh, "export CODEBUILD_BUILD_SUCCEEDING=0", &status, &end, err);
}

static void phase_line(struct build *b, int which)
{
	const struct build_phase_result *r = &b->phases[which];

	build_output_say(&b->output, "Phase complete: %s State: %s", labels[which],
			 build_status_names[r->status]);
	build_output_say(&b->output, "Phase context status code: %s Message: %s",
			 r->status == BUILD_FAILED ? "COMMAND_EXECUTION_ERROR"
			 : over(r) ? build_status_names[r->status] : "", r->message ? r->message : "");
}

static int run_phase(struct build *b, struct build_shell *sh, int which, struct err *err)
{
	const struct buildspec_phase *p = &b->spec->phases[which];
	struct build_phase_result *r = &b->phases[which];
	int64_t began = clock_now_ms();
	int rc;

	r->ran = true;
	build_output_say(&b->output, "Entering phase %s", labels[which]);
	if (p->run_as)
		build_output_say(&b->output, "run-as: %s is left out on this machine", p->run_as);
	rc = commands(b, sh, &p->commands, r, err);
	if (rc == 0 && r->status == BUILD_FAILED && b->status == BUILD_SUCCEEDED) {
		b->status = BUILD_FAILED;
		rc = mark_failing(b, sh, err);
	}
	if (rc == 0 && !over(r))
		rc = commands(b, sh, &p->finally, r, err);
	if (rc == 0 && r->status == BUILD_FAILED && b->status == BUILD_SUCCEEDED) {
		b->status = BUILD_FAILED;
		rc = mark_failing(b, sh, err);
	}
	r->ms = clock_now_ms() - began;
	if (rc == 0)
		phase_line(b, which);
	return rc;
}

static bool retry_wanted(const struct build *b, int which)
{
	const struct buildspec_phase *p = &b->spec->phases[which];
	const char *message = b->phases[which].message;
	regex_t regex;
	bool found;

	if (p->on_failure != BUILDSPEC_RETRY || b->attempts > p->retries)
		return false;
	if (!p->retry_pattern)
		return true;
	if (regcomp(&regex, p->retry_pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = message && regexec(&regex, message, 0, NULL, 0) == 0;
	regfree(&regex);
	return found;
}

/* By default a failed build phase goes on to post_build, any other ends. */
static enum next after(const struct build *b, int which)
{
	const struct build_phase_result *r = &b->phases[which];

	if (r->status == BUILD_SUCCEEDED)
		return GO_ON;
	if (over(r))
		return END;
	switch (b->spec->phases[which].on_failure) {
	case BUILDSPEC_CONTINUE:
		return GO_ON;
	case BUILDSPEC_ABORT:
		return END;
	case BUILDSPEC_RETRY:
		if (retry_wanted(b, which))
			return AGAIN;
		break;
	case BUILDSPEC_DEFAULT:
		break;
	}
	return which == BUILD ? GO_ON : END;
}

static void forget(struct build *b)
{
	for (int i = 0; i < BUILDSPEC_PHASES; i++) {
		free(b->phases[i].command);
		free(b->phases[i].message);
		b->phases[i] = (struct build_phase_result){ 0 };
	}
	b->status = BUILD_SUCCEEDED;
	for (size_t i = 0; i < b->env.n; i++)
		if (strcmp(b->env.v[i], "CODEBUILD_BUILD_SUCCEEDING=0") == 0)
			b->env.v[i][strlen(b->env.v[i]) - 1] = '1';
}

static int attempt(struct build *b, enum next *outcome, struct err *err)
{
	struct build_shell sh;
	int rc = 0;

	build_shell_init(&sh, b->spec->shell, (const char *const *)b->env.v, b->source, &b->output);
	sh.deadline = b->deadline;
	sh.stop = b->stop;
	*outcome = GO_ON;
	for (int which = 0; which < BUILDSPEC_PHASES && rc == 0 && *outcome == GO_ON; which++) {
		if (!b->spec->phases[which].present)
			continue;
		rc = run_phase(b, &sh, which, err);
		if (rc == 0)
			*outcome = after(b, which);
	}
	if (rc == 0 && *outcome != AGAIN && b->status < BUILD_STATUS_TIMED_OUT)
		rc = build_end_export(b, &sh, err);
	/* as CodeBuild: what ends before post_build has no artifacts */
	if (rc == 0 && b->status < BUILD_STATUS_TIMED_OUT &&
	    (*outcome == GO_ON || (*outcome == END && b->phases[POST_BUILD].ran)))
		rc = build_end_expand(b, &sh, err);
	build_shell_end(&sh);
	build_shell_reap();
	build_output_flush(&b->output);
	return rc;
}

static void tell_left_out(struct build *b)
{
	const struct { const char *what; bool there; } parts[] = {
		{ "runtime-versions", b->spec->has_runtimes }, { "cache", b->spec->has_cache },
		{ "proxy", b->spec->has_proxy }, { "batch", b->spec->has_batch },
		{ "git-credential-helper", b->spec->has_git_helper },
	};

	if (b->spec->run_as)
		build_output_say(&b->output, "run-as: %s is left out on this machine", b->spec->run_as);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (parts[i].there)
			build_output_say(&b->output, "%s: is left out on this machine", parts[i].what);
}

int build_phases(struct build *b, struct err *err)
{
	enum next outcome;

	build_shell_adopt();
	tell_left_out(b);
	for (b->attempts = 1;; b->attempts++) {
		if (attempt(b, &outcome, err) < 0)
			return -1;
		if (outcome != AGAIN)
			return 0;
		build_output_say(&b->output, "on-failure: the build is retried (%d)", b->attempts);
		forget(b);
		if (build_checkout_again(b, err) < 0)
			return -1;
	}
}
