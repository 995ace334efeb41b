#include "target_aws.h"
#include "lib/base/clock.h"
#include "lib/base/proc.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PEEL_TIMEOUT_MS = 30 * 1000 };

struct session {
	struct aws *aws;
	char profile[128], region[64];
};

void target_aws_close(void *state)
{
	struct session *s = state;

	if (!s)
		return;
	aws_close(s->aws);
	free(s);
}

/* Reading the account's home folder and the config files is not for two threads at once. */
static struct aws *open_alone(const struct aws_settings *settings, struct err *err)
{
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	struct aws *aws;

	pthread_mutex_lock(&one);
	aws = aws_open(settings, err);
	pthread_mutex_unlock(&one);
	return aws;
}

static int copy_setting(const struct target_job *job, const char *key, char *out, size_t size,
			struct err *err)
{
	const char *value = queue_config_get(job->config, job->name, key, "");

	if ((size_t)snprintf(out, size, "%s", value) >= size)
		return err_set(err, ERR_USAGE, "codetrain.%s.%s is too long; git config codetrain.%s.%s "
			       "NAME", job->name, key, job->name, key);
	return 0;
}

struct aws *target_aws(struct target_job *job, struct err *err)
{
	struct session *s = *job->state, want = { 0 };

	if (copy_setting(job, "profile", want.profile, sizeof(want.profile), err) < 0 ||
	    copy_setting(job, "region", want.region, sizeof(want.region), err) < 0)
		return NULL;
	if (s && strcmp(s->profile, want.profile) == 0 && strcmp(s->region, want.region) == 0)
		return s->aws;
	target_aws_close(s);
	*job->state = NULL;
	const struct aws_settings settings = { .profile = want.profile[0] ? want.profile : NULL,
					       .region = want.region[0] ? want.region : NULL,
					       .stop = job->stop };

	s = calloc(1, sizeof(*s));
	if (!s) {
		err_set(err, ERR_INTERNAL, "no memory for a connection");
		return NULL;
	}
	*s = want;
	s->aws = open_alone(&settings, err);
	if (!s->aws) {
		free(s);
		return NULL;
	}
	*job->state = s;
	return s->aws;
}

/* What does not fit is no loss: it is for people. */
static void keep_text(const cJSON *tree, struct buf *out)
{
	struct err ignored;

	buf_clear(out);
	out->failed = false;
	if (json_print(tree, true, out, &ignored) < 0)
		buf_clear(out);
}

/* Refused for now, by the service itself, before anything was begun. */
static bool surely_not_done(const char *code)
{
	static const char *const codes[] = { "ThrottlingException", "Throttling",
		"TooManyRequestsException", "RequestLimitExceeded", "AccountLimitExceededException" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		if (strcmp(code, codes[i]) == 0)
			return true;
	return false;
}

int target_aws_call(struct target_job *job, struct aws *aws, const char *operation,
		    const cJSON *request, cJSON **answer, struct err *err)
{
	deadline_t before = deadline_in(0);
	int rc;

	keep_text(request, &job->request);
	job->sent_ms = job->now_ms;
	rc = aws_call(aws, operation, request, answer, err);
	job->answered_ms = job->sent_ms + (deadline_in(0) - before);
	buf_clear(&job->answer);
	buf_clear(&job->status);
	if (rc == 0) {
		keep_text(*answer, &job->answer);
		buf_adds(&job->status, "200");
		return 0;
	}
	const char *code = aws_error_code(aws);

	/* an error page of something in between says little about what was behind it */
	job->maybe_done = aws_maybe_done(aws) ||
			  (err->class == ERR_UNAVAILABLE && *code && !surely_not_done(code));
	buf_adds(&job->answer, err->message);
	buf_addf(&job->status, "%.100s", *code ? code : "no answer");
	return -1;
}

void target_aws_mend(const struct target_job *job, struct err *err)
{
	if (err->class == ERR_NO || err->class == ERR_USAGE || err->class == ERR_CONFLICT)
		err_suffix(err, "; mend it, then: codetrain queue retry %lld -t %s",
			   (long long)job->delivery->event, job->name);
}

void target_aws_name(const struct target_job *job, char separator, char out[static TARGET_AWS_NAME])
{
	const struct queue_delivery *d = job->delivery;
	int n = snprintf(out, TARGET_AWS_NAME, "%s%c%lld", job->uuid, separator, (long long)d->event);

	if (d->generation)
		snprintf(out + n, TARGET_AWS_NAME - (size_t)n, "%c%d", separator, d->generation);
}

/* git's own words end at the first line; "" when it has none. */
static int peel(const struct target_job *job, struct buf *out, struct err *err)
{
	const char *const keep[] = { "PATH", "HOME", NULL };
	struct strs env = STRS_INIT, argv = STRS_INIT;
	struct buf errors = BUF_INIT(4096);
	struct proc_result result = { 0 };
	int rc = -1;

	strs_add_all(&argv, "git", "--git-dir", job->gitdir, "rev-parse", "--verify", "--quiet",
		     "--end-of-options", (char *)NULL);
	strs_addf(&argv, "%s^{commit}", job->delivery->new);
	strs_add(&env, "LC_ALL=C");
	if (argv.failed || proc_environment(keep, &env, err) < 0) {
		err_set(err, ERR_INTERNAL, "no memory to look up a tag");
	} else {
		const struct proc p = { .argv = (const char *const *)argv.v,
					.envp = (const char *const *)env.v, .out = out, .errors = &errors,
					.timeout_ms = PEEL_TIMEOUT_MS, .stop = job->stop };

		rc = proc_run(&p, &result, err);
	}
	while (out->len && out->data[out->len - 1] == '\n')
		out->data[--out->len] = '\0';
	if (rc == 0 && (result.timed_out || result.stopped))
		rc = err_set(err, ERR_TIMEOUT, "git rev-parse took too long for %s", job->delivery->ref);
	else if (rc == 0 && (result.exit_code || !out->len))
		rc = err_set(err, ERR_USAGE, "%s names no commit that could be built%s%.200s",
			     job->delivery->ref, errors.len ? ": " : "", buf_str(&errors));
	strs_free(&env);
	strs_free(&argv);
	buf_free(&errors);
	return rc;
}

int target_aws_commit(struct target_job *job, struct buf *out, struct err *err)
{
	static const char heads[] = "refs/heads/";

	buf_clear(out);
	/* git takes nothing but commits for a branch */
	if (strncmp(job->delivery->ref, heads, sizeof(heads) - 1) != 0)
		return peel(job, out, err);
	buf_adds(out, job->delivery->new);
	return buf_check(out, "the commit", err);
}
