#include "keyring.h"
#include "lib/base/term.h"

#include <string.h>

/* Back into the credentials file, which comes before the keyring: from then on
 * the keys are in both places. */
static int put_back(const struct keyring *k, const struct keyring_item *item, struct err *err)
{
	const char *path = awsconfig_credentials_path(k->config);
	struct creds *c = creds_new(err);
	struct awsconfig_value v;
	int rc = -1;

	if (!c || creds_read_lines(buf_str(&item->text), c, err) < 0)
		goto out;
	if (awsconfig_get_credentials(k->config, k->profile, "aws_access_key_id", &v) &&
	    strcmp(v.value, c->access_key_id) != 0) {
		err_set(err, ERR_CONFLICT, "%s:%d: profile \"%s\" has another access key there; take it "
			"out first", v.file, v.line, k->profile);
	} else {
		const struct awsconfig_change keys[] = {
			{ "aws_access_key_id", c->access_key_id },
			{ "aws_secret_access_key", c->secret_access_key }, { NULL, NULL }
		};

		rc = awsconfig_edit(AWSCONFIG_CREDENTIALS, path, k->profile, keys, err);
	}
	if (rc == 0)
		term_note(keyring_program, "the access key of profile %s is in %s again", k->profile,
			  path);
out:
	creds_free(c);
	return rc;
}

static void tell_rest(const struct keyring *k)
{
	enum awsconfig_file file;

	term_note(keyring_program, "the %s of profile %s is gone from the keyring",
		  keyring_text_kind(k->kind), k->profile);
	if (k->git)
		term_note(keyring_program, "for a new password, see the user's security credentials in "
			  "IAM (HTTPS Git credentials for AWS CodeCommit)");
	else if (!k->restore && !keyring_config_keys(k, &file))
		term_note(keyring_program, "profile %s has no access key now; make a new one in IAM and "
			  "run aws configure --profile %s, or codetrain keyring store --profile %s",
			  k->profile, k->profile, k->profile);
}

/* First nobody asks for it any more, then it goes. */
int keyring_erase(struct keyring *k, struct err *err)
{
	const struct keyring_item *items;
	size_t n;

	if (keyring_service_find(k->service, k->kind, k->profile, &items, &n, err) < 0)
		return -1;
	if (n == 0 && (k->restore || !keyring_config_points(k)))
		return err_set(err, ERR_USAGE, "the keyring has no %s of profile \"%s\"; see codetrain "
			       "keyring list", keyring_text_kind(k->kind), k->profile);
	if (k->restore && put_back(k, &items[0], err) < 0)
		return -1;
	if (keyring_config_forget(k, err) < 0)
		return -1;
	if (n && keyring_service_erase(k->service, k->kind, k->profile, err) < 0)
		return -1;
	tell_rest(k);
	return 0;
}
