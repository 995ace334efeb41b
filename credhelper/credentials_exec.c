#include "credentials_exec.h"

#include "lib/base/clock.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Every name by which an SDK finds credentials of somebody else. */
static const char *const replaced[] = {
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_CREDENTIAL_EXPIRATION", "AWS_ACCOUNT_ID", "AWS_PROFILE", "AWS_DEFAULT_PROFILE",
	"AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME", "AWS_WEB_IDENTITY_TOKEN_FILE",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
};

static bool is_named(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

static bool is_replaced(const char *entry, bool region)
{
	for (size_t i = 0; i < sizeof(replaced) / sizeof(*replaced); i++)
		if (is_named(entry, replaced[i]))
			return true;
	return region && (is_named(entry, "AWS_REGION") || is_named(entry, "AWS_DEFAULT_REGION"));
}

int credentials_exec_environment(const struct creds *c, const char *region, struct strs *out,
				 struct err *err)
{
	char end[CLOCK_EXTENDED_LEN];

	for (char **e = environ; *e; e++)
		if (!is_replaced(*e, *region))
			strs_add(out, *e);
	strs_addf(out, "AWS_ACCESS_KEY_ID=%s", c->access_key_id);
	strs_addf(out, "AWS_SECRET_ACCESS_KEY=%s", c->secret_access_key);
	if (c->session_token[0])
		strs_addf(out, "AWS_SESSION_TOKEN=%s", c->session_token);
	if (c->expiration) {
		clock_extended(c->expiration, end);
		strs_addf(out, "AWS_CREDENTIAL_EXPIRATION=%s", end);
	}
	if (c->account_id[0])
		strs_addf(out, "AWS_ACCOUNT_ID=%s", c->account_id);
	if (*region) {
		strs_addf(out, "AWS_REGION=%s", region);
		strs_addf(out, "AWS_DEFAULT_REGION=%s", region);
	}
	if (out->failed)
		return err_set(err, ERR_INTERNAL, "the environment is too large");
	return 0;
}

int credentials_exec(char *const *argv, const struct creds *c, const char *region, struct err *err)
{
	struct strs environment = STRS_INIT;

	if (credentials_exec_environment(c, region, &environment, err) == 0) {
		execvpe(argv[0], argv, environment.v);
		err_set(err, ERR_USAGE, "cannot run %s: %s", argv[0], strerror(errno));
	}
	for (size_t i = 0; i < environment.n; i++)
		explicit_bzero(environment.v[i], strlen(environment.v[i]));
	strs_free(&environment);
	return -1;
}
