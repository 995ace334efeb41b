#include "external.h"
#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <string.h>

enum { REASON_MAX = 8192 };

static const char program[] = "codetrain-credentials";

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

static int failed(const struct chain_choice *choice, const struct proc_result *result,
		  struct buf *errors, struct err *err)
{
	const char *why = reason(errors);

	if (result->timed_out)
		err_set(err, ERR_UNAVAILABLE, "%s did not answer within %d seconds", program,
			EXTERNAL_TIMEOUT_MS / 1000);
	else if (*why)
		err_set(err, class_of(result->exit_code), "%s", why);
	else
		err_set(err, class_of(result->exit_code), "%s ended with code %d", program,
			result->exit_code);
	if (!strstr(why, choice->profile))
		err_prefix(err, "no credentials for profile \"%s\" from %s: ", choice->profile,
			   chain_name(choice->provider));
	return -1;
}

int external_fetch(const struct chain_input *in, const struct chain_choice *choice,
		   struct creds *out, struct err *err)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES), errors = BUF_INIT(REASON_MAX);
	struct buf answer = BUF_INIT_SECRET(CREDS_TOKEN_MAX + 4096);
	const char *argv[] = { NULL, "--format", "lines", in->profile ? "--profile" : NULL,
			       in->profile, NULL };
	struct proc child = { .argv = argv, .out = &answer, .errors = &errors,
			      .asks = true, .timeout_ms = EXTERNAL_TIMEOUT_MS };
	struct proc_result result;
	int rc = -1;

	if (proc_sibling(program, &path, err) < 0)
		goto out;
	argv[0] = buf_str(&path);
	if (proc_run(&child, &result, err) < 0)
		goto out;
	if (result.timed_out || result.exit_code != 0)
		rc = failed(choice, &result, &errors, err);
	else if (result.truncated || strlen(buf_str(&answer)) != answer.len)
		err_set(err, ERR_INTERNAL, "%s answered something else than credentials", program);
	else
		rc = creds_read_lines(buf_str(&answer), out, err);
out:
	buf_free(&path);
	buf_free(&errors);
	buf_free(&answer);
	return rc;
}
