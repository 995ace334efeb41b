#include "keyring.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char process[] = "credential_process";
static const char marker[] = "codetrain_keyring";
static const char git_marker[] = "codetrain_git_keyring";
static const char program[] = "codetrain-keyring";

static bool is_git(const struct keyring *k)
{
	return strcmp(k->kind, KEYRING_GIT) == 0;
}

/* Is the profile's credential_process this program? */
static bool is_ours(const struct awsconfig_value *v)
{
	return strstr(v->value, program) != NULL;
}

/* What comes before the keyring in the chain and is no key in a file: with it,
 * what is stored would never be asked for. */
static int check_chain(const struct keyring *k, struct err *err)
{
	static const char *const others[] = {
		"role_arn", "web_identity_token_file", "sso_account_id", "sso_role_name", "login_session",
	};
	struct awsconfig_value v;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (awsconfig_get(k->config, k->profile, others[i], &v) && *v.value)
			return err_set(err, ERR_USAGE, "%s:%d: profile \"%s\" gets its credentials by %s, "
				       "which comes before the keyring; give the access key a profile of "
				       "its own (and name that one as source_profile)", v.file, v.line,
				       k->profile, others[i]);
	if (awsconfig_get(k->config, k->profile, process, &v) && *v.value && !is_ours(&v))
		return err_set(err, ERR_USAGE, "%s:%d: profile \"%s\" has a credential_process already; "
			       "take that line out first", v.file, v.line, k->profile);
	return 0;
}

/* There are names that no section can have. */
static int check_name(const struct keyring *k, struct err *err)
{
	const struct awsconfig_change change[] = { { marker, k->profile }, { NULL, NULL } };
	struct buf nothing = BUF_INIT(0), out = BUF_INIT(4 * KEYRING_PROFILE_MAX);
	int rc = awsconfig_edit_text(AWSCONFIG_CONFIG, awsconfig_config_path(k->config), &nothing,
				     k->profile, change, &out, err);

	buf_free(&nothing);
	buf_free(&out);
	return rc;
}

int keyring_config_check(const struct keyring *k, struct err *err)
{
	if (check_name(k, err) < 0)
		return -1;
	return is_git(k) ? 0 : check_chain(k, err);
}

static int command(const struct keyring *k, struct buf *out, struct err *err)
{
	char self[PATH_MAX_BYTES];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return err_errno(err, "cannot find my own path in /proc/self/exe");
	self[n] = '\0';
	encode_shell(self, out);
	buf_adds(out, " get --profile ");
	encode_shell(k->profile, out);
	return buf_check(out, "the command for credential_process", err);
}

int keyring_config_point(const struct keyring *k, struct err *err)
{
	struct buf run = BUF_INIT(2 * PATH_MAX_BYTES);
	int rc = -1;

	if (command(k, &run, err) == 0) {
		const struct awsconfig_change keys[] = {
			{ process, buf_str(&run) }, { marker, k->profile }, { NULL, NULL }
		};
		const struct awsconfig_change git[] = { { git_marker, k->profile }, { NULL, NULL } };

		rc = awsconfig_edit(AWSCONFIG_CONFIG, awsconfig_config_path(k->config), k->profile,
				    is_git(k) ? git : keys, err);
	}
	buf_free(&run);
	return rc;
}

int keyring_config_forget(const struct keyring *k, struct err *err)
{
	const struct awsconfig_change git[] = { { git_marker, NULL }, { NULL, NULL } };
	struct awsconfig_change keys[] = { { marker, NULL }, { NULL, NULL }, { NULL, NULL } };
	struct awsconfig_value v;

	if (awsconfig_get_config(k->config, k->profile, process, &v) && is_ours(&v))
		keys[1].name = process;
	return awsconfig_edit(AWSCONFIG_CONFIG, awsconfig_config_path(k->config), k->profile,
			      is_git(k) ? git : keys, err);
}

bool keyring_config_points(const struct keyring *k)
{
	struct awsconfig_value v;

	return awsconfig_get_config(k->config, k->profile, is_git(k) ? git_marker : marker, &v) ||
	       (!is_git(k) && awsconfig_get_config(k->config, k->profile, process, &v) && is_ours(&v));
}

bool keyring_config_keys(const struct keyring *k, enum awsconfig_file *file)
{
	struct awsconfig_value v;

	*file = AWSCONFIG_CREDENTIALS;
	if (awsconfig_get_credentials(k->config, k->profile, "aws_access_key_id", &v))
		return true;
	*file = AWSCONFIG_CONFIG;
	return awsconfig_get_config(k->config, k->profile, "aws_access_key_id", &v);
}
