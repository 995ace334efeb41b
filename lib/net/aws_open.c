#include "aws_private.h"

#include "lib/base/opt.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum {
	ANSWER_TIMEOUT_S = 30,
	ANSWER_TIMEOUT_MAX_S = 3600,
	RETRY_TOKENS = 500,	/* as the SDKs' standard mode */
};

static const char *env_of(const struct aws_world *world, const char *name)
{
	const char *value = world->getenv(name);

	return value && *value ? value : NULL;
}

const char *aws_getenv(const struct aws *a, const char *name)
{
	return env_of(a->shared->world, name);
}

bool aws_truth(const char *value)
{
	return value && strcasecmp(value, "true") == 0;
}

int64_t aws_now(const struct aws *a)
{
	return a->shared->world->now() + a->shared->skew;
}

struct chain_input aws_chain_input(const struct aws *a)
{
	return (struct chain_input){
		.getenv = a->shared->world->getenv,
		.config = a->shared->config,
		.profile = a->profile,
		.now = aws_now(a),
	};
}

const char *aws_property(const struct aws *a, const char *name)
{
	struct chain_input in = aws_chain_input(a);
	struct awsconfig_value value;

	if (awsconfig_get_config(a->shared->config, chain_profile(&in), name, &value))
		return value.value;
	return NULL;
}

const char *aws_region(const struct aws *a)
{
	return a->region;
}

const char *aws_label(const struct aws *a)
{
	return a->label;
}

int64_t aws_clock_skew(const struct aws *a)
{
	return a->shared->skew;
}

const char *aws_error_code(const struct aws *a)
{
	return a->code;
}

const char *aws_error_message(const struct aws *a)
{
	return a->message;
}

bool aws_maybe_done(const struct aws *a)
{
	return a->maybe_done;
}

/* ---- what is shared -------------------------------------------------------------- */

static void shared_release(struct aws_shared *s)
{
	if (!s || --s->users > 0)
		return;
	http_free(s->http);
	awsconfig_free(s->config);
	free(s->ca_bundle);
	free(s);
}

static const char *home_of(const struct aws_world *world)
{
	const char *home = env_of(world, "HOME");
	const struct passwd *user = home ? NULL : getpwuid(getuid());

	return user ? user->pw_dir : home;
}

const char *aws_home(const struct aws *a)
{
	return home_of(a->shared->world);
}

static struct aws_shared *shared_new(const struct aws_world *world, const volatile int *stop,
				     struct err *err)
{
	const char *timeout = env_of(world, "CODETRAIN_HTTP_TIMEOUT");
	struct aws_shared *s = calloc(1, sizeof(*s));
	long seconds = ANSWER_TIMEOUT_S;

	if (!s) {
		err_set(err, ERR_INTERNAL, "no memory");
		return NULL;
	}
	s->users = 1;
	s->world = world;
	s->stop = stop;
	s->tokens = RETRY_TOKENS;
	if (timeout && (opt_number(timeout, &seconds) < 0 || seconds < 1 ||
			seconds > ANSWER_TIMEOUT_MAX_S)) {
		err_set(err, ERR_USAGE, "CODETRAIN_HTTP_TIMEOUT is \"%.32s\"; it takes 1 to %d "
			"seconds", timeout, ANSWER_TIMEOUT_MAX_S);
		goto fail;
	}
	s->timeout_ms = (int)seconds * 1000;
	s->config = awsconfig_load(env_of(world, "AWS_CONFIG_FILE"),
				   env_of(world, "AWS_SHARED_CREDENTIALS_FILE"), home_of(world),
				   err);
	if (s->config)
		return s;
fail:
	shared_release(s);
	return NULL;
}

struct http *aws_http(struct aws *a, struct err *err)
{
	struct aws_shared *s = a->shared;
	const char *bundle = aws_getenv(a, "AWS_CA_BUNDLE");
	struct http_settings settings = { .stop = s->stop };

	if (s->http)
		return s->http;
	settings.ca_bundle = bundle ? bundle : aws_property(a, "ca_bundle");
	s->http = http_new(&settings, err);
	return s->http;
}

/* ---- opening --------------------------------------------------------------------- */

static bool flag(const struct aws *a, const char *variable, const char *property)
{
	const char *value = aws_getenv(a, variable);

	return aws_truth(value ? value : aws_property(a, property));
}

static int no_region(const struct aws *a, const struct chain_input *in, struct err *err)
{
	struct chain_choice choice;

	/* a profile that does not exist is the better thing to say */
	if (!a->given && chain_choose(in, &choice, err) < 0 && err->class == ERR_USAGE)
		return -1;
	return err_set(err, ERR_USAGE, "no region is set for profile %s; use --region or AWS_REGION, "
		       "or put \"region = us-east-2\" into its section in %s", chain_profile(in),
		       awsconfig_config_path(a->shared->config));
}

static int set_region(struct aws *a, const struct aws_settings *settings, struct err *err)
{
	struct chain_input in = aws_chain_input(a);
	const char *region = chain_region(&in, settings->region);
	char where[160];

	if (!region)
		return settings->region_optional ? 0 : no_region(a, &in, err);
	if (settings->region)
		snprintf(where, sizeof(where), "the command line");
	else if (aws_getenv(a, "AWS_REGION"))
		snprintf(where, sizeof(where), "AWS_REGION");
	else if (aws_getenv(a, "AWS_DEFAULT_REGION"))
		snprintf(where, sizeof(where), "AWS_DEFAULT_REGION");
	else
		snprintf(where, sizeof(where), "profile %.100s", chain_profile(&in));
	if (region_check(region, where, err) < 0)
		return -1;
	snprintf(a->region, sizeof(a->region), "%s", region);
	return 0;
}

static int copy_string(char **out, const char *s, struct err *err)
{
	*out = s ? strdup(s) : NULL;
	return s && !*out ? err_set(err, ERR_INTERNAL, "no memory") : 0;
}

/* `shared` is taken, also on failure. */
static struct aws *open_with(struct aws_shared *shared, const struct aws_settings *settings,
			     struct err *err)
{
	struct aws *a = calloc(1, sizeof(*a));
	struct chain_input in;

	if (!a) {
		shared_release(shared);
		err_set(err, ERR_INTERNAL, "no memory");
		return NULL;
	}
	a->shared = shared;
	if (copy_string(&a->profile, settings->profile, err) < 0)
		goto fail;
	in = aws_chain_input(a);
	if (copy_string(&a->label, settings->label ? settings->label : chain_profile(&in), err) < 0)
		goto fail;
	if (settings->creds) {
		a->creds = creds_new(err);
		if (!a->creds)
			goto fail;
		*a->creds = *settings->creds;
		a->given = true;
	}
	a->fips = flag(a, "AWS_USE_FIPS_ENDPOINT", "use_fips_endpoint");
	a->dualstack = flag(a, "AWS_USE_DUALSTACK_ENDPOINT", "use_dualstack_endpoint");
	if (set_region(a, settings, err) == 0 && aws_retry_attempts(a, &a->max_attempts, err) == 0)
		return a;
fail:
	aws_close(a);
	return NULL;
}

struct aws *aws_open_in(const struct aws_world *world, const struct aws_settings *settings,
			struct err *err)
{
	struct aws_shared *shared = shared_new(world, settings->stop, err);

	return shared ? open_with(shared, settings, err) : NULL;
}

struct aws *aws_open(const struct aws_settings *settings, struct err *err)
{
	return aws_open_in(&aws_real_world, settings, err);
}

struct aws *aws_open_beside(struct aws *other, const struct aws_settings *settings,
			    struct err *err)
{
	other->shared->users++;
	return open_with(other->shared, settings, err);
}

void aws_close(struct aws *a)
{
	if (!a)
		return;
	creds_free(a->creds);
	free(a->profile);
	free(a->label);
	shared_release(a->shared);
	free(a);
}
