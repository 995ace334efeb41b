/* A URL or an endpoint: refused, or a clean HTTPS URL and a command in which sh
 * finds the profile as it was. */
#include "credhelper/remote_command.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";

static void check_endpoint(const char *text)
{
	char host[REMOTE_HOST_MAX + 1], again[REMOTE_HOST_MAX + 1];
	struct err err = { 0 };

	if (remote_url_endpoint(text, host, &err) < 0)
		return;
	if (!*host || host[strspn(host, "abcdefghijklmnopqrstuvwxyz0123456789-.:")] ||
	    remote_url_endpoint(host, again, &err) < 0 || strcmp(host, again) != 0)
		abort();
}

/* Takes a word off the front, as sh does; NULL at anything that sh would not take for itself. */
static const char *unquote(const char *s, char *out, size_t size)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@%+=,";
	size_t n = 0;

	while (*s && *s != ' ') {
		if (s[0] == '\\' && s[1] == '\'') {
			out[n++] = '\'';
			s += 2;
		} else if (*s == '\'') {
			for (s++; *s && *s != '\''; s++)
				if (n < size - 2)
					out[n++] = *s;
			if (*s++ != '\'')
				return NULL;
		} else if (strchr(plain, *s)) {
			if (n < size - 2)
				out[n++] = *s;
			s++;
		} else {
			return NULL;
		}
	}
	out[n] = '\0';
	return s;
}

static void check_command(const struct remote_url *url)
{
	static const char before[] = "credential.https://h.helper=!exec /c --profile=";
	struct remote_target t = { .region = "us-east-2", .host = "h" };
	char profile[REMOTE_PROFILE_MAX + 8];
	struct strs argv = STRS_INIT;
	struct err err = { 0 };
	const char *end;

	memcpy(t.profile, url->profile, sizeof(t.profile));
	if (remote_command(&t, "/c", "origin", url->repository, &argv, &err) < 0)
		abort();
	if (*t.profile) {
		if (strncmp(argv.v[4], before, strlen(before)) != 0)
			abort();
		end = unquote(argv.v[4] + strlen(before), profile, sizeof(profile));
		if (!end || *end || strcmp(profile, t.profile) != 0)
			abort();
	}
	strs_free(&argv);
}

static void check_url(const char *text)
{
	static const char prefix[] = "https://h/v1/repos/";
	struct buf https = BUF_INIT(REMOTE_HTTPS_MAX);
	struct remote_url url;
	struct err err = { 0 };
	const char *path;

	if (remote_url_parse(text, &url, &err) < 0) {
		if (err.class != ERR_USAGE || !*err.message)
			abort();
		return;
	}
	if (*url.region && !region_partition(url.region))
		abort();
	if (!*url.repository || strpbrk(url.repository, "/@?#:") || remote_url_https("h", url.repository, &https, &err) < 0)
		abort();
	path = buf_str(&https) + strlen(prefix);
	if (strncmp(buf_str(&https), prefix, strlen(prefix)) != 0 || path[strspn(path, safe)] ||
	    strcmp(path, ".") == 0 || strcmp(path, "..") == 0)
		abort();
	check_command(&url);
	buf_free(&https);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_url(text);
	check_endpoint(text);
	free(text);
	return 0;
}
