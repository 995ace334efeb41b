#include "doctor_gitconfig.h"

#include <stdio.h>
#include <string.h>

static bool put(char *out, size_t cap, const char *s, size_t len)
{
	if (len >= cap)
		return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

static void lower(char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
}

/* The port that a scheme has anyway is none. */
static void drop_usual_port(struct doctor_url *u)
{
	if ((strcmp(u->scheme, "https") == 0 && strcmp(u->port, "443") == 0) ||
	    (strcmp(u->scheme, "http") == 0 && strcmp(u->port, "80") == 0))
		u->port[0] = '\0';
}

/* [USER[:PASSWORD]@]HOST[:PORT] */
static bool read_authority(const char *s, size_t len, struct doctor_url *u)
{
	const char *at = memrchr(s, '@', len), *colon;
	size_t user = at ? strcspn(s, ":@") : 0;

	if (at) {
		u->password = s + user < at;
		if (!put(u->user, sizeof(u->user), s, user))
			return false;
		len -= (size_t)(at + 1 - s);
		s = at + 1;
	}
	colon = memrchr(s, ':', len);
	if (colon && memchr(colon, ']', len - (size_t)(colon - s)))
		colon = NULL;	/* inside of an IPv6 address */
	if (colon && !put(u->port, sizeof(u->port), colon + 1, len - (size_t)(colon + 1 - s)))
		return false;
	return put(u->host, sizeof(u->host), s, colon ? (size_t)(colon - s) : len);
}

static bool read_path(const char *s, struct doctor_url *u)
{
	size_t len;

	s += strspn(s, "/");
	len = strcspn(s, "?#");
	while (len > 0 && s[len - 1] == '/')
		len--;
	return put(u->path, sizeof(u->path), s, len);
}

/* What follows the scheme, which may be missing. */
static bool read_rest(const char *s, struct doctor_url *u)
{
	size_t authority = strcspn(s, "/?#");

	if (!read_authority(s, authority, u) || !read_path(s + authority, u))
		return false;
	lower(u->scheme);
	lower(u->host);
	drop_usual_port(u);
	return true;
}

bool doctor_url_parse(const char *url, struct doctor_url *out)
{
	const char *scheme = strstr(url, "://");

	*out = (struct doctor_url){ 0 };
	return scheme && scheme > url &&
	       put(out->scheme, sizeof(out->scheme), url, (size_t)(scheme - url)) &&
	       read_rest(scheme + 3, out) && *out->host;
}

void doctor_url_print(const struct doctor_url *u, char *out, size_t cap)
{
	snprintf(out, cap, "%s://%s%s%s%s%s", u->scheme, u->host, *u->port ? ":" : "", u->port,
		 *u->path ? "/" : "", u->path);
}

/* A label that is '*' stands for any one label. */
static bool host_matches(const char *pattern, const char *host)
{
	for (;;) {
		size_t p = strcspn(pattern, "."), h = strcspn(host, ".");
		bool any = p == 1 && *pattern == '*';

		if (!any && (p != h || strncmp(pattern, host, p) != 0))
			return false;
		if (!pattern[p] || !host[h])
			return !pattern[p] && !host[h];
		pattern += p + 1;
		host += h + 1;
	}
}

static bool path_matches(const char *pattern, const char *path)
{
	size_t n = strlen(pattern);

	return n == 0 || (strncmp(pattern, path, n) == 0 && (!path[n] || path[n] == '/'));
}

/* What is no whole URL ("example.com", "https://") has to be equal in what it has. */
static bool partial_matches(const char *pattern, const struct doctor_url *url)
{
	const char *scheme = strstr(pattern, "://");
	struct doctor_url p = { 0 };

	if (scheme && !put(p.scheme, sizeof(p.scheme), pattern, (size_t)(scheme - pattern)))
		return false;
	if (!read_rest(scheme ? scheme + 3 : pattern, &p))
		return false;
	return (!*p.scheme || strcmp(p.scheme, url->scheme) == 0) &&
	       (!*p.host || (strcmp(p.host, url->host) == 0 && strcmp(p.port, url->port) == 0)) &&
	       (!*p.path || strcmp(p.path, url->path) == 0) &&
	       (!*p.user || strcmp(p.user, url->user) == 0);
}

bool doctor_url_matches(const char *pattern, const struct doctor_url *url)
{
	struct doctor_url p;

	if (!doctor_url_parse(pattern, &p))
		return partial_matches(pattern, url);
	return strcmp(p.scheme, url->scheme) == 0 && host_matches(p.host, url->host) &&
	       strcmp(p.port, url->port) == 0 && (!*p.user || strcmp(p.user, url->user) == 0) &&
	       path_matches(p.path, url->path);
}

bool doctor_url_has_host(const char *pattern)
{
	const char *scheme = strstr(pattern, "://"), *s = scheme ? scheme + 3 : pattern;
	struct doctor_url p = { 0 };

	return read_rest(s, &p) && *p.host && strcmp(p.host, "*") != 0;
}
