#include "remote_account.h"

#include "lib/aws/helper.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { HOST_MAX = 256, PROFILE_MAX = 512 };

static const char helper_scheme[] = "codecommit::", short_scheme[] = "codecommit://";

/* "user@HOST:port" of a URL, as pointers into it; false when it has no "://". */
static bool authority(const char *url, const char **user, size_t *user_len, const char **host,
		      size_t *host_len)
{
	const char *start = strstr(url, "://"), *at;
	size_t n;

	if (!start)
		return false;
	start += 3;
	n = strcspn(start, "/?#");
	at = memrchr(start, '@', n);
	*user = start;
	*user_len = at ? (size_t)(at - start) : 0;
	*host = at ? at + 1 : start;
	*host_len = n - (size_t)(*host - start);
	return true;
}

bool remote_account_region(const char *url, char region[static REGION_MAX])
{
	const char *user, *host, *end = strstr(url, "://");
	char lower[HOST_MAX];
	size_t user_len, n;

	region[0] = '\0';
	if (strncmp(url, short_scheme, strlen(short_scheme)) == 0)
		return true;
	if (end && strncmp(url, helper_scheme, strlen(helper_scheme)) == 0) {
		n = (size_t)(end - url) - strlen(helper_scheme);
		if (n < REGION_MAX) {
			memcpy(region, url + strlen(helper_scheme), n);
			region[n] = '\0';
		}
		return true;
	}
	if (!authority(url, &user, &user_len, &host, &n) || n >= sizeof(lower))
		return false;
	for (size_t i = 0; i < n; i++)
		lower[i] = (char)tolower((unsigned char)host[i]);
	lower[n] = '\0';
	if (region_codecommit_host(lower, region))
		return true;
	region[0] = '\0';
	return false;
}

/* Whether the URL of a [credential "URL"] section is of this one: the scheme, the
 * host ('*' is a part of a name), the beginning of the path. */
static bool covers(const char *pattern, const char *url)
{
	while (*pattern) {
		if (*pattern == '*') {
			url += strcspn(url, "./:");
			pattern++;
		} else if (tolower((unsigned char)*pattern) == tolower((unsigned char)*url)) {
			pattern++;
			url++;
		} else {
			return strcmp(pattern, "/") == 0 && !*url;
		}
	}
	return !*url || *url == '/' || pattern[-1] == '/';
}

/* A URL without user and password. */
static void without_user(const char *url, struct buf *out)
{
	const char *user, *host;
	size_t user_len, host_len;

	if (!authority(url, &user, &user_len, &host, &host_len))
		return;
	buf_add(out, url, (size_t)(user - url));
	buf_adds(out, host);
}

/* Whether git would ask a helper of CodeCommit; `profile` is what it names. */
static bool helper_profile(git_config *config, const char *url, char profile[static PROFILE_MAX])
{
	static const char head[] = "credential.", tail[] = ".helper";
	struct buf plain = BUF_INIT(8192);
	git_config_iterator *each = NULL;
	git_config_entry *e;
	bool found = false;

	without_user(url, &plain);
	/* one with a pattern forgets what it has matched (libgit2 1.5) */
	if (git_config_iterator_new(&each, config) < 0)
		each = NULL;
	while (each && git_config_next(&e, each) == 0) {
		size_t n = strlen(e->name), bare = strlen(head) + strlen(tail);
		char section[1024] = "";

		if (strncmp(e->name, head, strlen(head)) != 0 ||
		    strcmp(e->name + n - strlen(tail), tail) != 0)
			continue;
		if (n > bare && n - bare < sizeof(section)) {
			memcpy(section, e->name + strlen(head), n - bare);
			section[n - bare] = '\0';
		}
		if (*section && !covers(section, buf_str(&plain)))
			continue;
		if (!e->value || !*e->value)
			found = false;	/* git forgets the helpers before */
		else if (!found)
			found = helper_is_codecommit(e->value, profile, PROFILE_MAX);
	}
	git_config_iterator_free(each);
	buf_free(&plain);
	return found;
}

/* "bob-at-111122223333": the user name of CodeCommit's own git passwords. */
static bool user_account(const char *url, char account[static ACCOUNT_LEN + 1])
{
	const char *user, *host;
	char name[PROFILE_MAX];
	size_t n, host_len;

	if (!authority(url, &user, &n, &host, &host_len))
		return false;
	n = strcspn(user, ":@/") < n ? strcspn(user, ":@/") : n;
	if (n < ACCOUNT_LEN + 4 || n >= sizeof(name))
		return false;
	memcpy(name, user, n);
	name[n] = '\0';
	user = name + n - ACCOUNT_LEN;
	if (strncmp(user - 4, "-at-", 4) != 0 || strspn(user, "0123456789") != ACCOUNT_LEN)
		return false;
	memcpy(account, user, ACCOUNT_LEN + 1);
	return true;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

static struct awsconfig *load(void)
{
	struct err ignored = { 0 };

	return awsconfig_load(getenv("AWS_CONFIG_FILE"), getenv("AWS_SHARED_CREDENTIALS_FILE"),
			      getenv("HOME"), &ignored);
}

bool remote_account(git_config *config, const char *url, char account[static ACCOUNT_LEN + 1],
		    struct buf *whose)
{
	struct chain_input in = { .getenv = environment, .now = (int64_t)time(NULL) };
	char profile[PROFILE_MAX] = "";
	const char *user, *host;
	size_t n, host_len;
	struct awsconfig *files;
	bool told;

	if (strncmp(url, "ssh://", 6) == 0) {
		buf_adds(whose, "an SSH key does not say whose it is");
		return false;
	}
	if (strncmp(url, "codecommit:", 11) == 0) {
		if (authority(url, &user, &n, &host, &host_len) && n < sizeof(profile)) {
			memcpy(profile, user, n);
			profile[n] = '\0';
		}
	} else if (user_account(url, account)) {
		buf_adds(whose, "the user in the URL");
		return true;
	} else if (!helper_profile(config, url, profile)) {
		buf_adds(whose, "no credential helper of CodeCommit is configured for its URL");
		return false;
	}
	files = load();
	in.config = files;
	in.profile = *profile ? profile : NULL;
	told = files && account_of_chain(&in, account);
	buf_addf(whose, told ? "profile %s" : "the credentials of profile %s do not say it",
		 files ? chain_profile(&in) : profile);
	awsconfig_free(files);
	return told;
}

static const char *nothing(const char *name)
{
	(void)name;
	return NULL;
}

bool remote_account_find(const char *account, struct buf *profile)
{
	struct awsconfig *files = load();
	struct chain_input in = { .getenv = nothing, .config = files, .now = (int64_t)time(NULL) };
	bool found = false;

	for (const char *const *p = files ? awsconfig_profiles(files) : NULL; p && *p && !found; p++) {
		char of[ACCOUNT_LEN + 1];

		in.profile = *p;
		found = account_of_chain(&in, of) && strcmp(of, account) == 0;
		if (found)
			buf_adds(profile, *p);
	}
	awsconfig_free(files);
	return found;
}
