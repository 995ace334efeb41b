#include "codecommit.h"
#include "git_keyring.h"
#include "gitproto.h"
#include "lib/aws/region.h"
#include "lib/aws/session.h"
#include "lib/aws/sigv4.h"

#include <stdio.h>
#include <string.h>

/* A host name with an optional port, for --ignore-host-check. */
static bool is_host(const char *host)
{
	size_t n = strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-");

	if (n == 0 || n > 253)
		return false;
	if (host[n] == ':')
		n += 1 + strspn(host + n + 1, "0123456789");
	return host[n] == '\0';
}

/* Is it for us, and which region's? false: no. A git older than 2.26.1 takes a line break
 * in a URL along: the password for one host would go to another. */
static bool is_ours(const struct codecommit *c, const struct gitproto *git,
		    char region[static REGION_MAX])
{
	region[0] = '\0';
	if (git->contradictory || strcmp(git->protocol, "https") != 0)
		return false;
	return region_codecommit_host(git->host, region) ||
	       (c->ignore_host_check && is_host(git->host));
}

/* The host's region, or else the configured one. */
static int need_region(const struct codecommit *c, const struct chain_input *in,
		       char region[static REGION_MAX], struct err *err)
{
	const char *configured;

	if (region[0])
		return 0;
	configured = chain_region(in, c->region);
	if (!configured)
		return err_set(err, ERR_USAGE, "the host does not tell its region; "
			       "give --region REGION or set AWS_REGION");
	if (!region_partition(configured))
		return region_check(configured, "--region or the configuration", err);
	snprintf(region, REGION_MAX, "%s", configured);
	return 0;
}

static int sign(const struct codecommit *c, const struct gitproto *git, const char *region,
		const struct creds *creds, struct buf *answer, struct err *err)
{
	const struct sigv4_scope scope = { region, "codecommit", c->now };
	struct buf password = BUF_INIT_SECRET(256);
	const char *percent = creds->session_token[0] ? "%" : "";
	int64_t expiry = c->now + CODECOMMIT_PASSWORD_SECONDS;
	int rc = -1;

	if (creds->expiration && creds->expiration < expiry)
		expiry = creds->expiration;
	if (creds->expiration && creds->expiration <= c->now)
		err_set(err, ERR_ACCESS, "the credentials from %s have ended; sign in again",
			creds->source);
	else if (sigv4_codecommit_password(git->host, git->path, &scope,
					   creds->secret_access_key, &password, err) == 0)
		rc = gitproto_answer(git, GITPROTO_VALUE(creds->access_key_id, percent,
							 creds->session_token),
				     buf_str(&password), expiry, answer, err);
	buf_free(&password);
	return rc;
}

/* A session that another process has got, or a new one; what still lives is
 * better than nothing. */
static int fetch_session(const struct codecommit *c, const struct chain_input *in,
			 const struct chain_choice *choice, struct creds *out, struct err *err)
{
	const struct session_scope scope = { in, choice, c->variables, NULL };
	enum session_state state;
	struct err failure = { 0 };
	struct session s;

	if (session_open(&s, &scope, SESSION_ANYWHERE, err) < 0)
		return -1;
	state = session_load(&s, in->now, out);
	if (state == SESSION_FRESH || c->fetch(in, choice, out, &failure) == 0 ||
	    state == SESSION_LIVE)
		return 0;
	*err = failure;
	return -1;
}

static int fetch(const struct codecommit *c, const struct chain_input *in, struct creds *out,
		 struct err *err)
{
	struct chain_choice choice;

	if (chain_choose(in, &choice, err) < 0)
		return -1;
	if (!chain_is_local(choice.provider))
		return fetch_session(c, in, &choice, out, err);
	return chain_fetch_local(in, &choice, out, err);
}

static struct awsconfig *load(const struct codecommit *c, struct err *err)
{
	return awsconfig_load(c->getenv("AWS_CONFIG_FILE"), c->getenv("AWS_SHARED_CREDENTIALS_FILE"),
			      c->getenv("HOME"), err);
}

static int need_path(const struct gitproto *git, struct err *err)
{
	if (*git->path)
		return 0;
	return err_set(err, ERR_USAGE, "git did not say which repository, and CodeCommit's "
		       "password depends on it; run git config --global "
		       "credential.https://%s.useHttpPath true", git->host);
}

static int answer_for(const struct codecommit *c, const struct gitproto *git,
		      char region[static REGION_MAX], struct buf *answer, struct err *warning,
		      struct err *err)
{
	struct chain_input in = { .getenv = c->getenv, .profile = c->profile, .now = c->now };
	struct awsconfig *config = NULL;
	struct creds *creds = NULL;
	int from_keyring, rc = -1;

	config = load(c, err);
	if (!config)
		return -1;
	in.config = config;
	awsconfig_warning(config, warning);
	from_keyring = git_keyring_answer(&in, git, answer, warning, err);
	if (from_keyring) {
		awsconfig_free(config);
		return from_keyring < 0 ? -1 : 0;
	}
	creds = need_path(git, err) == 0 ? creds_new(err) : NULL;
	if (creds && fetch(c, &in, creds, err) == 0 &&
	    need_region(c, &in, region, err) == 0)
		rc = sign(c, git, region, creds, answer, err);
	creds_free(creds);
	awsconfig_free(config);
	return rc;
}

/* git sends the host as it was typed, and so does its HTTP; what the service makes of
 * upper case in a signature is written nowhere. */
static void warn_of_case(const struct gitproto *git, struct err *warning)
{
	char lower[256], region[REGION_MAX];
	size_t len = strlen(git->host);

	if (len >= sizeof(lower) || strcmp(git->protocol, "https") != 0)
		return;
	for (size_t i = 0; i <= len; i++)
		lower[i] = git->host[i] >= 'A' && git->host[i] <= 'Z' ? (char)(git->host[i] | 0x20)
								      : git->host[i];
	if (region_codecommit_host(lower, region))
		err_set(warning, ERR_NONE, "only names in lower case are answered, not %s; run git config "
			"--global url.https://%s/.insteadOf https://%s/", git->host, lower, git->host);
}

int codecommit_get(const struct codecommit *c, struct buf *request, struct buf *answer,
		   struct err *warning, struct err *err)
{
	char region[REGION_MAX];
	struct gitproto git;

	gitproto_parse(request, &git);
	if (!is_ours(c, &git, region)) {
		warn_of_case(&git, warning);
		return 0;
	}
	if (answer_for(c, &git, region, answer, warning, err) == 0)
		return 0;
	buf_clear(answer);
	buf_adds(answer, "quit=1\n");
	return -1;
}

/* "KEY%TOKEN" to "KEY", nothing to NULL; false when there is no token, and so no session. */
static bool key_of_session(const char *username, char room[static CREDS_KEY_MAX + 1],
			   const char **key)
{
	size_t len = strcspn(username, "%");

	*key = NULL;
	if (!*username)
		return true;
	if (!username[len] || len > CREDS_KEY_MAX)
		return false;
	memcpy(room, username, len);
	room[len] = '\0';
	*key = room;
	return true;
}

void codecommit_erase(const struct codecommit *c, struct buf *request)
{
	struct chain_input in = { .getenv = c->getenv, .profile = c->profile, .now = c->now };
	char region[REGION_MAX], room[CREDS_KEY_MAX + 1];
	struct awsconfig *config;
	const char *key;
	struct chain_choice choice;
	struct gitproto git;
	struct session s;
	struct err ignored;

	gitproto_parse(request, &git);
	if (!key_of_session(git.username, room, &key) || !is_ours(c, &git, region))
		return;
	config = load(c, &ignored);
	if (!config)
		return;
	in.config = config;
	if (chain_choose(&in, &choice, &ignored) == 0 &&
	    session_open(&s, &(struct session_scope){ &in, &choice, c->variables, NULL },
			 SESSION_ANYWHERE, &ignored) == 0)
		session_forget(&s, key);
	awsconfig_free(config);
}
