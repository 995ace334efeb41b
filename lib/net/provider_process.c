#include "provider.h"

#include "lib/base/opt.h"
#include "lib/base/proc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Who of us stands above, in the child's environment: a profile's process may be
 * codetrain itself, asked for the same profile. A line each: config file and profile. */
#define ABOVE "CODETRAIN_CREDENTIAL_PROCESS"

enum { ABOVE_MAX = 8 };
enum { TIMEOUT_MS = 60 * 1000, OUTPUT_MAX = 64 << 10, WORD_MAX = 4096 };

/* One word of a command line, as a POSIX shell reads it, without expansions.
 * Returns what follows, NULL at the end; -1 in *fault for an open quote. */
static const char *word(const char *s, struct buf *out, int *fault)
{
	char quote = '\0';

	s += strspn(s, " \t");
	if (!*s)
		return NULL;
	for (; *s && (quote || !strchr(" \t", *s)); s++) {
		if (quote == '\'' ? *s == '\'' : quote == '"' && *s == '"') {
			quote = '\0';
		} else if (!quote && (*s == '\'' || *s == '"')) {
			quote = *s;
		} else if (*s == '\\' && quote != '\'' &&
			   (!quote || (s[1] && strchr("\\\"$`", s[1])))) {
			if (!*++s)
				break;
			buf_addc(out, *s);
		} else {
			buf_addc(out, *s);
		}
	}
	if (quote || out->failed)
		*fault = -1;
	return s;
}

static int split(const char *command, struct strs *argv, struct err *err)
{
	struct buf one = BUF_INIT(WORD_MAX);
	const char *s = command;
	int fault = 0;

	while ((s = word(s, &one, &fault)) && !fault) {
		strs_add(argv, buf_str(&one));
		buf_clear(&one);
	}
	buf_free(&one);
	if (fault || argv->failed)
		return err_set(err, ERR_USAGE, "credential_process has a quote that does not end, or "
			       "is too long");
	return argv->n ? 0 : err_set(err, ERR_USAGE, "credential_process is empty");
}

/* Is `own` one of the lines, or are there too many? */
static bool stands_above(const char *lines, const char *own)
{
	size_t len = strlen(own);

	for (int i = 0; *lines; i++) {
		size_t n = strcspn(lines, "\n");

		if (i >= ABOVE_MAX || (n == len && strncmp(lines, own, len) == 0))
			return true;
		lines += n + (lines[n] == '\n');
	}
	return false;
}

static int environment(const struct provider_request *p, struct strs *out, struct err *err)
{
	const char *above = aws_getenv(p->a, ABOVE);
	struct buf own = BUF_INIT(8192);

	if (!above)
		above = "";
	buf_addf(&own, "%s %s", awsconfig_config_path(p->a->shared->config), p->choice->profile);
	if (stands_above(above, buf_str(&own))) {
		buf_free(&own);
		return err_set(err, ERR_USAGE, "credential_process runs itself; it must not ask for the "
			       "profile that it belongs to");
	}
	for (char **e = environ; *e; e++)
		if (strncmp(*e, ABOVE "=", sizeof(ABOVE)) != 0)
			strs_add(out, *e);
	strs_addf(out, ABOVE "=%s%s%s", above, *above ? "\n" : "", buf_str(&own));
	buf_free(&own);
	return out->failed ? err_set(err, ERR_INTERNAL, "the environment is too large") : 0;
}

static int run(const struct provider_request *p, const struct strs *argv,
	       const struct strs *envp, struct buf *out, struct err *err)
{
	struct proc_result result;
	const struct proc proc = {
		.argv = (const char *const *)argv->v,
		.envp = (const char *const *)envp->v,
		.out = out,
		.asks = true,
		.timeout_ms = TIMEOUT_MS,
		.stop = p->a->shared->stop,
	};

	if (proc_run(&proc, &result, err) < 0) {
		err->class = ERR_ACCESS;
		return -1;
	}
	if (result.timed_out)
		return err_set(err, ERR_ACCESS, "%s gave no answer in %d seconds", argv->v[0],
			       TIMEOUT_MS / 1000);
	if (result.stopped)
		return err_set(err, ERR_ACCESS, "%s was interrupted", argv->v[0]);
	if (result.truncated)
		return err_set(err, ERR_ACCESS, "%s wrote more than %d bytes", argv->v[0], OUTPUT_MAX);
	if (result.exit_code)
		return err_set(err, ERR_ACCESS, "%s failed with exit code %d", argv->v[0],
			       result.exit_code);
	return 0;
}

int provider_process(const struct provider_request *p, struct creds *out, struct err *err)
{
	const char *command = provider_property(p, "credential_process");
	struct buf output = BUF_INIT_SECRET(OUTPUT_MAX);
	char source[sizeof(out->source)];
	struct strs argv = STRS_INIT, envp = STRS_INIT;
	struct err parse;
	cJSON *tree = NULL;
	int result = -1;

	if (split(command ? command : "", &argv, err) < 0 || environment(p, &envp, err) < 0 ||
	    run(p, &argv, &envp, &output, err) < 0)
		goto out;
	tree = json_parse(buf_str(&output), output.len, "output", &parse);
	if (!cJSON_IsObject(tree))
		err_set(err, ERR_ACCESS, "%s did not write JSON", argv.v[0]);
	else if (!cJSON_IsNumber(json_get(tree, "Version")) || json_integer(tree, "Version", -1) != 1)
		err_set(err, ERR_ACCESS, "%s wrote JSON without \"Version\": 1", argv.v[0]);
	else
		result = 0;
	if (result == 0) {
		snprintf(source, sizeof(source), "credential_process %.200s", argv.v[0]);
		result = provider_take(tree, source, out, err);
		if (result == 0 && !out->account_id[0])
			provider_take_account(provider_property(p, "aws_account_id"), out);
	}
	if (result == 0 && out->expiration && out->expiration <= aws_now(p->a))
		result = err_set(err, ERR_ACCESS, "%s gave credentials that have expired", argv.v[0]);
out:
	json_free(tree);
	buf_free(&output);
	strs_free(&argv);
	aws_wipe_lines(&envp);
	return result;
}
