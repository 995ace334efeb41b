/* Hosts, endpoint URLs and paths. A CodeCommit host is taken apart here a second time, by
 * its labels; a password is made for any path, and one byte more makes another. */
#include "lib/aws/region.h"
#include "lib/aws/sigv4.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LABELS = 16 };

/* The labels of a name without its port; how many, 0 for too many or a bad one. */
static size_t labels(char *host, char *label[LABELS])
{
	size_t n = 0;
	char *rest = host, *part;

	host[strcspn(host, ":")] = '\0';
	while ((part = strsep(&rest, "."))) {
		size_t len = strlen(part);

		if (n == LABELS || len < 1 || len > 63 || part[0] == '-' || part[len - 1] == '-' ||
		    strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
			return 0;
		label[n++] = part;
	}
	return n;
}

/* True only for what has the form of one of CodeCommit's hosts in `region`. */
static bool has_form(const char *text, const char *region)
{
	const struct partition *p = region_partition(region);
	char *host = strdup(text), *label[LABELS], want[256] = "";
	size_t n = host ? labels(host, label) : 0, at = 0;
	bool vpc, good = false;

	if (n < 4 || !p)
		goto out;
	vpc = strncmp(label[0], "vpce-", 5) == 0;
	at = vpc;
	if (strcmp(label[at], "git-codecommit") != 0 && strcmp(label[at], "git-codecommit-fips") != 0)
		goto out;
	if (strcmp(label[at + 1], region) != 0)
		goto out;
	at += 2;
	if (vpc && (at >= n || strcmp(label[at++], "vpce") != 0))
		goto out;
	for (size_t i = at; i < n; i++)
		snprintf(want + strlen(want), sizeof(want) - strlen(want), "%s%s", i > at ? "." : "", label[i]);
	good = strcmp(want, p->dns_suffix) == 0;
out:
	free(host);
	return good;
}

static void sign(const char *host, const char *path)
{
	const struct sigv4_scope scope = { "us-east-1", "codecommit", 1440938160 };
	struct buf one = BUF_INIT_SECRET(256), other = BUF_INIT_SECRET(256);
	char *longer = malloc(strlen(path) + 2);
	struct err err;

	if (longer)
		snprintf(longer, strlen(path) + 2, "%sx", path);
	if (longer && sigv4_codecommit_password(host, path, &scope, "secret", &one, &err) == 0) {
		if (one.len != 16 + 64 || strspn(one.data, "0123456789abcdefTZ") != one.len)
			abort();
		if (sigv4_codecommit_password(host, longer, &scope, "secret", &other, &err) == 0 &&
		    strcmp(one.data, other.data) == 0)
			abort();
	}
	free(longer);
	buf_free(&one);
	buf_free(&other);
}

static void endpoint(const char *url)
{
	const struct endpoint_want want = { .endpoint_prefix = "sts", .signing_name = "sts",
					    .region = "us-east-2", .override = url };
	struct endpoint out = { 0 };
	struct err err = { 0 };

	if (region_endpoint(&want, &out, &err) < 0) {
		if (err.class != ERR_USAGE || !err.message[0])
			abort();
		return;
	}
	if ((strncmp(out.url, "https://", 8) != 0 && strncmp(out.url, "http://", 7) != 0) ||
	    strpbrk(out.url, " \t\r\n?#@") || out.url[strlen(out.url) - 1] == '/')
		abort();
}

/* A host, and behind a line break a path or a URL. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *rest, region[REGION_MAX] = "before";

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	rest = text + strcspn(text, "\n");
	if (*rest)
		*rest++ = '\0';
	if (region_codecommit_host(text, region)) {
		if (!has_form(text, region))
			abort();
	} else if (strcmp(region, "before") != 0) {
		abort();
	}
	sign(text, rest);
	endpoint(rest);
	free(text);
	return 0;
}
