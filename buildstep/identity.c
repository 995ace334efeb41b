#include "identity.h"

#include "lib/base/clock.h"

#include <string.h>

int identity_open(struct identity *id, const struct identity_options *options,
		  const volatile int *stop, struct err *err)
{
	struct aws_settings settings = {
		.profile = options->profile,
		.region = options->region,
		.stop = stop,
	};

	memset(id, 0, sizeof(*id));
	id->options = *options;
	id->stop = stop;
	if (options->secret && options->role_arn)
		return err_set(err, ERR_USAGE, "--secret and --role-arn exclude each other: either "
			       "says whose account the job runs in");
	id->home = aws_open(&settings, err);
	return id->home ? 0 : -1;
}

void identity_close(struct identity *id)
{
	if (id->job != id->home)
		aws_close(id->job);
	aws_close(id->home);
	creds_free(id->creds);
	memset(id, 0, sizeof(*id));
}

static int fetch(struct identity *id, struct err *err)
{
	struct aws_settings settings = {
		.region = aws_region(id->home),
		.label = id->options.secret ? id->options.secret : id->options.role_arn,
		.stop = id->stop,
	};
	struct creds *fresh = creds_new(err);
	struct aws *job = NULL;

	if (!fresh)
		return -1;
	if (id->options.secret ?
		    aws_secret_credentials(id->home, id->options.secret, fresh, err) < 0 :
		    aws_role_credentials(id->home, id->options.role_arn, fresh, err) < 0)
		goto fail;
	settings.creds = fresh;
	job = aws_open_beside(id->home, &settings, err);
	if (!job)
		goto fail;
	aws_close(id->job);
	creds_free(id->creds);
	id->job = job;
	id->creds = fresh;
	return 0;
fail:
	creds_free(fresh);
	return -1;
}

int identity_ready(struct identity *id, struct err *err)
{
	if (!id->options.secret && !id->options.role_arn) {
		id->job = id->home;	/* refreshes by itself */
		return 0;
	}
	if (id->job && !creds_expires_within(id->creds, clock_now(), CREDS_MANDATORY_REFRESH))
		return 0;
	return fetch(id, err);
}

static bool ended(const struct aws *a)
{
	const char *code = aws_error_code(a);

	return strcmp(code, "ExpiredTokenException") == 0 || strcmp(code, "ExpiredToken") == 0 ||
	       strcmp(code, "UnrecognizedClientException") == 0;
}

int identity_call(struct identity *id, const char *operation, const cJSON *input, cJSON **output,
		  struct err *err)
{
	struct err second = { 0 };

	if (identity_ready(id, err) < 0)
		return -1;
	if (aws_call(id->job, operation, input, output, err) == 0)
		return 0;
	if (id->job == id->home || !ended(id->job))
		return -1;
	/* the key in the secret was replaced, or the clock was wrong: once more */
	if (fetch(id, &second) < 0)
		return -1;
	return aws_call(id->job, operation, input, output, err);
}
