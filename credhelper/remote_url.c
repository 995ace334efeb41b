#include "remote_url.h"

#include "lib/base/encode.h"

#include <string.h>

const char remote_url_forms[] =
	"codecommit://[PROFILE@]REPOSITORY or codecommit::REGION://[PROFILE@]REPOSITORY";

static bool has_control(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

/* The URL without what stands before the '@', which may be a password. */
static int malformed(const char *text, const char *why, struct err *err)
{
	const char *at = strrchr(text, '@');

	return err_set(err, ERR_USAGE, "the URL \"%s%.300s\" %s; write %s", at ? "...@" : "",
		       at ? at + 1 : text, why, remote_url_forms);
}

/* What stands before "://": "codecommit", or a region in any case of letters. */
static int take_scheme(const char *text, size_t len, struct remote_url *out, struct err *err)
{
	char word[REGION_MAX] = "";

	if (len >= sizeof(word))
		return malformed(text, "names no region of AWS", err);
	for (size_t i = 0; i < len; i++)
		word[i] = (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]);
	if (strcmp(word, "codecommit") == 0)
		return 0;
	if (!region_partition(word)) {
		region_check(word, "the URL", err);
		return err_suffix(err, "; write %s", remote_url_forms);
	}
	memcpy(out->region, word, len + 1);
	return 0;
}

static int take_profile(const char *text, const char *s, size_t len, struct remote_url *out,
			struct err *err)
{
	if (len == 0)
		return malformed(text, "has an \"@\" but no profile before it", err);
	if (len > REMOTE_PROFILE_MAX)
		return malformed(text, "has a profile of more than 512 bytes", err);
	if (has_control(s, len))
		return malformed(text, "has a control character in its profile", err);
	memcpy(out->profile, s, len);
	out->profile[len] = '\0';
	return 0;
}

static size_t characters(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* CodeCommit's rules, from "Quotas in AWS CodeCommit". The space and letters beyond ASCII are in
 * neither of its lists, of what a name has and of what it must not have: the server may judge. */
static const char *wrong_name(const struct buf *name)
{
	const char *s = buf_str(name);

	if (name->len == 0)
		return "names no repository";
	if (has_control(s, name->len))
		return "has a control character in the repository's name";
	if (strchr(s, '/'))
		return "has a \"/\" in the repository's name, and CodeCommit has no folders";
	if (strpbrk(s, "!?@#$%^&*()+={}[]|\\><~`'\";:"))
		return "has a character that a CodeCommit repository's name cannot have";
	if (strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return "names no repository";
	if (name->len >= 4 && strcmp(s + name->len - 4, ".git") == 0)
		return "names a repository that ends in .git, which CodeCommit does not allow";
	if (characters(s) > REMOTE_REPOSITORY_CHARACTERS || name->len > REMOTE_REPOSITORY_MAX)
		return "has a repository's name of more than 100 characters";
	return NULL;
}

static int take_repository(const char *text, const char *s, struct remote_url *out, struct err *err)
{
	struct buf name = BUF_INIT(3 * REMOTE_REPOSITORY_MAX);
	size_t len = strlen(s);
	const char *wrong;
	int rc = -1;

	while (len > 0 && s[len - 1] == '/')
		len--;
	if (len > 4 && memcmp(s + len - 4, ".git", 4) == 0)
		len -= 4;
	decode_percent(s, len, &name);
	wrong = name.failed ? "has a repository's name of more than 100 characters"
			    : wrong_name(&name);
	if (wrong) {
		malformed(text, wrong, err);
	} else {
		memcpy(out->repository, buf_str(&name), name.len + 1);
		rc = 0;
	}
	buf_free(&name);
	return rc;
}

int remote_url_parse(const char *text, struct remote_url *out, struct err *err)
{
	const char *sep = strstr(text, "://"), *rest, *at;
	struct remote_url url = { 0 };

	if (!sep)
		return malformed(text, "has no \"://\"", err);
	rest = sep + 3;
	at = strrchr(rest, '@');
	if (take_scheme(text, (size_t)(sep - text), &url, err) < 0 ||
	    (at && take_profile(text, rest, (size_t)(at - rest), &url, err) < 0) ||
	    take_repository(text, at ? at + 1 : rest, &url, err) < 0)
		return -1;
	*out = url;
	return 0;
}

/* ":PORT", or nothing. */
static bool is_port(const char *s)
{
	size_t digits = *s == ':' ? strspn(s + 1, "0123456789") : 0;

	return *s == '\0' || (digits > 0 && digits <= 5 && s[1] != '0' && s[1 + digits] == '\0');
}

int remote_url_endpoint(const char *text, char host[static REMOTE_HOST_MAX + 1], struct err *err)
{
	static const char https[] = "https://", http[] = "http://";
	const char *at = strrchr(text, '@');
	const char *s = strncmp(text, https, strlen(https)) == 0 ? text + strlen(https) : text;
	char found[REMOTE_HOST_MAX + 1];
	size_t len = strlen(s), name;

	if (strncmp(text, http, strlen(http)) == 0)
		return err_set(err, ERR_USAGE, "http:// would show the password to the network; "
			       "write https://");
	if (len > 0 && s[len - 1] == '/')
		len--;
	if (len > REMOTE_HOST_MAX)
		return err_set(err, ERR_USAGE, "the endpoint is too long (%zu bytes)", len);
	for (size_t i = 0; i < len; i++)
		found[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
	found[len] = '\0';
	name = strspn(found, "abcdefghijklmnopqrstuvwxyz0123456789.-");
	if (name == 0 || name > 253 || !is_port(found + name))
		return err_set(err, ERR_USAGE, "\"%s%.200s\" is no host; write https://HOST[:PORT], "
			       "without a path", at ? "...@" : "", at ? at + 1 : text);
	memcpy(host, found, len + 1);
	return 0;
}

int remote_url_https(const char *host, const char *repository, struct buf *out, struct err *err)
{
	buf_addf(out, "https://%s/v1/repos/", host);
	encode_percent(repository, strlen(repository), "", out);
	return buf_check(out, "the HTTPS URL", err);
}
