#include "keyring.h"
#include "lib/aws/chain.h"
#include "lib/base/term.h"

#include <stdio.h>
#include <string.h>

enum { PART_MAX = 256 };	/* of a git user name or password */

/* ---- what is to be stored ------------------------------------------------------------ */

static int from_file(const struct keyring *k, enum awsconfig_file file, struct creds *out,
		     struct err *err)
{
	const struct chain_input in = { .config = k->config, .profile = k->profile };
	const struct chain_choice choice = {
		file == AWSCONFIG_CREDENTIALS ? CHAIN_CREDENTIALS_FILE : CHAIN_CONFIG_FILE, k->profile,
		false
	};

	if (chain_fetch_local(&in, &choice, out, err) < 0)
		return -1;
	if (out->session_token[0])
		return err_set(err, ERR_USAGE, "the credentials of %s have a session token: they end "
			       "soon, and do not belong into the keyring", out->source);
	return 0;
}

static int ask_keys(const struct keyring *k, struct creds *out, struct err *err)
{
	struct buf key = BUF_INIT_SECRET(PART_MAX), secret = BUF_INIT_SECRET(PART_MAX);
	char prompt[KEYRING_PROFILE_MAX + 64];
	int rc = -1;

	snprintf(prompt, sizeof(prompt), "Access key id for profile %s: ", k->profile);
	if (keyring_ask(prompt, false, &key, err) == 0 &&
	    keyring_ask("Secret access key (not shown): ", true, &secret, err) == 0) {
		if (key.len && secret.len)
			rc = creds_set(out, buf_str(&key), buf_str(&secret), NULL, "your input", err);
		else
			err_set(err, ERR_USAGE, "profile \"%s\" has no access key in %s, and none was "
				"given; type it, or give two lines on standard input: its id and its "
				"secret", k->profile, awsconfig_credentials_path(k->config));
	}
	buf_free(&key);
	buf_free(&secret);
	return rc;
}

static int keys_as_text(struct creds *c, struct buf *text, struct err *err)
{
	snprintf(c->source, sizeof(c->source), "keyring");
	return creds_write_lines(c, text, err);
}

static int check_part(const struct buf *part, const char *what, struct err *err)
{
	if (!part->len)
		return err_set(err, ERR_USAGE, "no %s was given", what);
	for (size_t i = 0; i < part->len; i++)
		if ((unsigned char)part->data[i] <= 0x20 || (unsigned char)part->data[i] >= 0x7f)
			return err_set(err, ERR_USAGE, "the %s holds a space or another character that "
				       "IAM's never have", what);
	return 0;
}

static int git_as_text(const struct keyring *k, struct buf *text, struct err *err)
{
	struct buf user = BUF_INIT_SECRET(PART_MAX), password = BUF_INIT_SECRET(PART_MAX);
	int rc = 0;

	if (k->username)
		buf_adds(&user, k->username);
	else
		rc = keyring_ask("CodeCommit user name (of IAM's HTTPS Git credentials): ", false, &user,
				 err);
	if (rc == 0)
		rc = check_part(&user, "user name", err);
	if (rc == 0)
		rc = keyring_ask("Password (not shown): ", true, &password, err);
	if (rc == 0)
		rc = check_part(&password, "password", err);
	if (rc == 0)
		buf_addf(text, "username=%s\npassword=%s\n", buf_str(&user), buf_str(&password));
	buf_free(&user);
	buf_free(&password);
	return rc < 0 ? -1 : buf_check(text, "the password", err);
}

/* ---- storing ------------------------------------------------------------------------- */

static int find(const struct keyring *k, const struct keyring_item **items, size_t *n,
		struct err *err)
{
	return keyring_service_find(k->service, k->kind, k->profile, items, n, err);
}

/* What came back is what went in, or the file keeps its keys. */
static int read_back(const struct keyring *k, const struct buf *text, struct err *err)
{
	const struct keyring_item *items;
	size_t n;

	if (find(k, &items, &n, err) < 0)
		return -1;
	if (n == 1 && items[0].text.len == text->len &&
	    memcmp(buf_str(&items[0].text), buf_str(text), text->len) == 0)
		return 0;
	if (n > 1)
		return err_set(err, ERR_CONFLICT, "the keyring has %zu entries for profile \"%s\"; run "
			       "codetrain keyring erase --profile %s%s, and store again", n, k->profile,
			       k->profile, k->git ? " --git" : "");
	return err_set(err, ERR_UNAVAILABLE, "the keyring did not keep what was stored for profile "
		       "\"%s\"; nothing else was changed", k->profile);
}

static int put(const struct keyring *k, const struct buf *text, struct err *err)
{
	char label[KEYRING_PROFILE_MAX + 64];

	snprintf(label, sizeof(label), "AWS %s of profile %s", keyring_text_kind(k->kind), k->profile);
	if (keyring_service_put(k->service, k->kind, k->profile, label, buf_str(text), err) < 0)
		return -1;
	return read_back(k, text, err);
}

/* Somebody else's access key under the same name must not vanish unseen. */
static void tell_replaced(const struct keyring *k, const struct buf *text)
{
	const struct keyring_item *items;
	struct keyring_item now = { .text = *text };
	char old[PART_MAX + 1], new[PART_MAX + 1];
	struct err ignored;
	size_t n;

	if (find(k, &items, &n, &ignored) < 0 || n == 0)
		return;
	snprintf(now.kind, sizeof(now.kind), "%s", k->kind);
	keyring_text_name(&items[0], old, sizeof(old));
	keyring_text_name(&now, new, sizeof(new));
	if (strcmp(old, new) != 0)
		term_note(keyring_program, "%s takes the place of %s", new, old);
}

static int put_and_point(const struct keyring *k, const struct buf *text, struct err *err)
{
	tell_replaced(k, text);
	if (put(k, text, err) < 0)
		return -1;
	if (keyring_config_point(k, err) == 0)
		return 0;
	return err_prefix(err, "it is in the keyring, but the profile does not say so yet: ");
}

/* ---- the verb ------------------------------------------------------------------------ */

static const char *path_of(const struct keyring *k, enum awsconfig_file file)
{
	return file == AWSCONFIG_CREDENTIALS ? awsconfig_credentials_path(k->config)
					     : awsconfig_config_path(k->config);
}

static int take_out(const struct keyring *k, enum awsconfig_file file, struct err *err)
{
	static const struct awsconfig_change none[] = {
		{ "aws_access_key_id", NULL }, { "aws_secret_access_key", NULL }, { NULL, NULL }
	};

	if (awsconfig_edit(file, path_of(k, file), k->profile, none, err) < 0)
		return err_prefix(err, "the keyring has the access key, and so has the file: ");
	term_note(keyring_program, "took the access key of profile %s out of %s", k->profile,
		  path_of(k, file));
	return 0;
}

static int finish_keys(const struct keyring *k, bool in_file, enum awsconfig_file file,
		       struct err *err)
{
	term_note(keyring_program, "the access key of profile %s is in the keyring, and %s asks for it "
		  "there", k->profile, awsconfig_config_path(k->config));
	if (!in_file)
		return 0;
	if (k->move)
		return take_out(k, file, err);
	if (file == AWSCONFIG_CREDENTIALS)
		term_note(keyring_program, "%s still has it too, and comes first; to take it out there: "
			  "codetrain keyring store --profile %s --move", path_of(k, file), k->profile);
	return 0;
}

/* A move that was done before, or ended between the two files. */
static int already_moved(const struct keyring *k, struct err *err)
{
	const struct keyring_item *items;
	size_t n;

	if (find(k, &items, &n, err) < 0)
		return -1;
	if (n == 0)
		return err_set(err, ERR_USAGE, "profile \"%s\" has no access key in %s that could be "
			       "moved; run codetrain keyring store --profile %s to type one", k->profile,
			       awsconfig_credentials_path(k->config), k->profile);
	if (keyring_config_point(k, err) < 0)
		return -1;
	term_note(keyring_program, "the access key of profile %s is in the keyring already", k->profile);
	return 0;
}

static int store_keys(const struct keyring *k, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(KEYRING_TEXT_MAX);
	struct creds *creds = NULL;
	const struct keyring_item *items;
	enum awsconfig_file file;
	bool in_file = keyring_config_keys(k, &file);
	size_t n;
	int rc = -1;

	if (keyring_config_check(k, err) < 0)
		return -1;
	if (!in_file && k->move)
		return already_moved(k, err);
	if (find(k, &items, &n, err) < 0)	/* before anything is typed */
		return -1;
	creds = creds_new(err);
	if (creds && (in_file ? from_file(k, file, creds, err) : ask_keys(k, creds, err)) == 0 &&
	    keys_as_text(creds, &text, err) == 0 && put_and_point(k, &text, err) == 0)
		rc = finish_keys(k, in_file, file, err);
	creds_free(creds);
	buf_free(&text);
	return rc;
}

static int store_git(const struct keyring *k, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(KEYRING_TEXT_MAX);
	const struct keyring_item *items;
	size_t n;
	int rc = -1;

	if (keyring_config_check(k, err) < 0)
		return -1;
	if (find(k, &items, &n, err) == 0 && git_as_text(k, &text, err) == 0 &&
	    put_and_point(k, &text, err) == 0)
		rc = 0;
	if (rc == 0)
		term_note(keyring_program, "git-credential-codecommit takes the user name and password "
			  "for profile %s from the keyring", k->profile);
	buf_free(&text);
	return rc;
}

int keyring_store(struct keyring *k, struct err *err)
{
	return k->git ? store_git(k, err) : store_keys(k, err);
}
