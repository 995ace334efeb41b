#include "creds_run.h"
#include "chain.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"
#include "lib/base/strs.h"

#include <string.h>

enum { REASON_MAX = 8192 };

/* The last line that it wrote, without the "codetrain credentials: error: ". */
static const char *reason(struct buf *errors)
{
	static const char label[] = "error: ";
	char *s = errors->data, *line;

	if (!s)
		return "";
	while (errors->len > 0 && strchr("\r\n", s[errors->len - 1]))
		s[--errors->len] = '\0';
	line = strrchr(s, '\n');
	line = line ? line + 1 : s;
	s = strstr(line, label);
	return s ? s + strlen(label) : line;
}

/* Exit codes are classes; any other is a fault. */
static enum err_class class_of(int exit_code)
{
	switch (exit_code) {
	case ERR_NO:
	case ERR_USAGE:
	case ERR_ACCESS:
	case ERR_UNAVAILABLE:
		return (enum err_class)exit_code;
	default:
		return ERR_INTERNAL;
	}
}

static int failed(const struct creds_run *r, const struct proc_result *result, struct buf *errors,
		  struct err *err)
{
	const char *why = reason(errors);

	if (result->timed_out)
		err_set(err, ERR_UNAVAILABLE, "%s did not answer within %d seconds", r->program,
			r->timeout_ms / 1000);
	else if (result->stopped)
		err_set(err, ERR_UNAVAILABLE, "%s was interrupted", r->program);
	else if (*why)
		err_set(err, class_of(result->exit_code), "%s", why);
	else
		err_set(err, class_of(result->exit_code), "%s ended with code %d", r->program,
			result->exit_code);
	if (!strstr(why, r->profile))
		err_prefix(err, "no credentials for profile \"%s\" from %s: ", r->profile,
			   r->provider);
	return -1;
}

static int run(const struct creds_run *r, const char *path, struct buf *answer,
	       struct buf *errors, struct err *err)
{
	struct strs argv = STRS_INIT;
	struct proc_result result;
	struct proc child = { .out = answer, .errors = errors, .asks = r->asks,
			      .timeout_ms = r->timeout_ms, .stop = r->stop };
	int rc;

	strs_add(&argv, path);
	for (const char *const *a = r->arguments; *a; a++)
		strs_add(&argv, *a);
	child.argv = (const char *const *)argv.v;
	rc = argv.failed ? err_set(err, ERR_INTERNAL, "no memory to run %s", r->program)
			 : proc_run(&child, &result, err);
	strs_free(&argv);
	if (rc < 0)
		return -1;
	if (result.timed_out || result.stopped || result.exit_code != 0)
		return failed(r, &result, errors, err);
	if (result.truncated || strlen(buf_str(answer)) != answer->len)
		return err_set(err, ERR_INTERNAL, "%s answered something else than credentials",
			       r->program);
	return 0;
}

int creds_run_text(const struct creds_run *r, struct buf *answer, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), errors = BUF_INIT(REASON_MAX);
	int rc = -1;

	if (proc_sibling(r->program, &path, err) == 0)
		rc = run(r, buf_str(&path), answer, &errors, err);
	buf_free(&path);
	buf_free(&errors);
	return rc;
}

int creds_run(const struct creds_run *r, struct creds *out, struct err *err)
{
	struct buf answer = BUF_INIT_SECRET(CREDS_RUN_MAX);
	int rc = creds_run_text(r, &answer, err);

	if (rc == 0)
		rc = creds_read_lines(buf_str(&answer), out, err);
	buf_free(&answer);
	return rc;
}

int creds_run_keyring(const struct awsconfig *config, const char *profile,
		      const volatile int *stop, struct creds *out, struct err *err)
{
	struct awsconfig_value name;
	const char *arguments[] = { "get", "--format", "lines", "--profile", profile, NULL };
	const struct creds_run run = {
		.program = "codetrain-keyring",
		.arguments = arguments,
		.profile = profile,
		.provider = chain_name(CHAIN_KEYRING),
		.timeout_ms = CREDS_RUN_KEYRING_MS,
		.stop = stop,
	};

	if (awsconfig_get(config, profile, "codetrain_keyring", &name) && *name.value)
		arguments[4] = name.value;
	return creds_run(&run, out, err);
}
