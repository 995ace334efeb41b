#include "region.h"
#include "region_table.h"

#include "lib/base/suggest.h"

#include <stdio.h>
#include <string.h>

enum { FAR = 3 };	/* changes to a mistyped region */

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool begins(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* [a-z]{2,}(-[a-z]+)+-[0-9]+ of `len` bytes */
static bool well_formed(const char *s, size_t len)
{
	size_t i = 0, words = 0, start;

	if (len >= REGION_MAX)
		return false;
	for (;;) {
		for (start = i; i < len && is_lower(s[i]); i++)
			;
		if (i == start || i >= len || s[i] != '-')
			return false;
		if (words == 0 && i < 2)
			return false;
		words++;
		if (++i < len && is_digit(s[i]))
			break;
	}
	while (i < len && is_digit(s[i]))
		i++;
	return words >= 2 && i == len;
}

static bool prefixed(const char *region, const struct partition *p, size_t *longest)
{
	bool better = false;

	for (const char *const *prefix = p->prefixes; *prefix; prefix++) {
		if (begins(region, *prefix) && strlen(*prefix) > *longest) {
			*longest = strlen(*prefix);
			better = true;
		}
	}
	return better;
}

const struct partition *region_partition(const char *region)
{
	const struct partition *best = &region_partitions[0];
	size_t longest = 0;

	if (!well_formed(region, strlen(region)))
		return NULL;
	for (const struct partition *p = region_partitions; p->name; p++)
		if (prefixed(region, p, &longest))
			best = p;
	return best;
}

static bool ends_in_suffix(const char *host, const char *suffix)
{
	size_t len = strlen(host), n = strlen(suffix);

	return len > n && host[len - n - 1] == '.' && strcmp(host + len - n, suffix) == 0;
}

const struct partition *region_partition_by_suffix(const char *host)
{
	for (const struct partition *p = region_partitions; p->name; p++)
		if (ends_in_suffix(host, p->dns_suffix))
			return p;
	return NULL;
}

bool region_known(const char *region)
{
	for (const char *const *r = region_names; *r; r++)
		if (strcmp(*r, region) == 0)
			return true;
	return false;
}

int region_check(const char *region, const char *where, struct err *err)
{
	struct suggest near = SUGGEST_INIT(region, FAR);

	if (region_known(region))
		return 0;
	for (const char *const *r = region_names; *r; r++)
		suggest_offer(&near, *r);
	if (near.nearest)
		return err_set(err, ERR_USAGE, "unknown region \"%.64s\" (from %s); did you mean %s?",
			       region, where, near.nearest);
	return err_set(err, ERR_USAGE, "unknown region \"%.64s\" (from %s); "
		       "a region is a name such as us-east-2", region, where);
}

/* ---- endpoints ----------------------------------------------------------------------- */

static const struct region_exception *exception(const struct endpoint_want *want,
						const struct partition *p)
{
	for (const struct region_exception *x = region_exceptions; x->endpoint_prefix; x++)
		if (strcmp(x->endpoint_prefix, want->endpoint_prefix) == 0 &&
		    (!x->partition || strcmp(x->partition, p->name) == 0) &&
		    x->fips == want->fips && x->dualstack == want->dualstack)
			return x;
	return NULL;
}

/* "{r}" is the region, "{s}" the DNS suffix, "{d}" the dual-stack one. */
static void expand(const char *pattern, const struct partition *p, const char *region,
		   struct buf *out)
{
	for (const char *s = pattern; *s; s++) {
		if (begins(s, "{r}"))
			buf_adds(out, region);
		else if (begins(s, "{s}"))
			buf_adds(out, p->dns_suffix);
		else if (begins(s, "{d}"))
			buf_adds(out, p->dualstack_suffix);
		else {
			buf_addc(out, *s);
			continue;
		}
		s += 2;
	}
}

static int from_override(const char *url, struct endpoint *out, struct err *err)
{
	const char *at = strrchr(url, '@');	/* a password may stand before it */
	size_t len = strlen(url), scheme = begins(url, "https://") ? 8 : begins(url, "http://") ? 7 : 0;

	while (len > scheme && url[len - 1] == '/')
		len--;
	if (!scheme || len == scheme || strpbrk(url, " \t\r\n?#@"))
		return err_set(err, ERR_USAGE, "the endpoint \"%s%.200s\" is no http or https URL "
			       "of a host; check endpoint_url and AWS_ENDPOINT_URL",
			       at ? "...@" : "", at ? at + 1 : url);
	if (len >= sizeof(out->url))
		return err_set(err, ERR_USAGE, "the endpoint URL is too long (%zu bytes)", len);
	memcpy(out->url, url, len);
	out->url[len] = '\0';
	return 0;
}

int region_endpoint(const struct endpoint_want *want, struct endpoint *out, struct err *err)
{
	const struct partition *p = region_partition(want->region);
	struct endpoint e = { 0 };
	const struct region_exception *x;
	struct buf url = BUF_INIT(sizeof(e.url) - 1);
	int rc = 0;

	if (!p)
		return region_check(want->region, "the configuration", err);
	x = exception(want, p);
	snprintf(e.signing_name, sizeof(e.signing_name), "%s", want->signing_name);
	snprintf(e.signing_region, sizeof(e.signing_region), "%s",
		 want->global ? p->iam_region : want->region);
	if (want->override) {
		rc = from_override(want->override, &e, err);
	} else {
		buf_adds(&url, "https://");
		if (x)
			expand(x->host, p, want->region, &url);
		else
			buf_addf(&url, "%s%s.%s.%s", want->endpoint_prefix, want->fips ? "-fips" : "",
				 want->global ? p->iam_region : want->region,
				 want->dualstack ? p->dualstack_suffix : p->dns_suffix);
		rc = buf_check(&url, "the endpoint URL", err);
		memcpy(e.url, buf_str(&url), url.len + 1);
		buf_free(&url);
	}
	if (rc == 0)
		*out = e;
	return rc;
}

/* ---- CodeCommit's git hosts ---------------------------------------------------------- */

/* Takes `word` off the front of *s. */
static bool take(const char **s, const char *word)
{
	if (!begins(*s, word))
		return false;
	*s += strlen(word);
	return true;
}

/* What follows "vpce-" in a VPC endpoint's own label: [a-z0-9-]+ with no hyphen at its end. */
static bool take_label(const char **s)
{
	size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (n == 0 || n > 63 - strlen("vpce-") || (*s)[n - 1] == '-')
		return false;
	*s += n;
	return true;
}

/* The rest of the host: nothing, or a port. */
static bool at_end(const char *s)
{
	size_t n;

	if (*s == '\0')
		return true;
	n = *s == ':' ? strspn(s + 1, "0123456789") : 0;
	return n > 0 && n <= 5 && s[1] != '0' && s[1 + n] == '\0';
}

bool region_codecommit_host(const char *host, char region[static REGION_MAX])
{
	const char *s = host, *name;
	bool vpc = take(&s, "vpce-");
	const struct partition *own;
	char found[REGION_MAX];
	size_t len;

	if (vpc && (!take_label(&s) || !take(&s, ".")))
		return false;
	if (!take(&s, "git-codecommit"))
		return false;
	take(&s, "-fips");
	if (!take(&s, "."))
		return false;
	name = s;
	len = strcspn(s, ".");
	if (!well_formed(name, len))
		return false;
	memcpy(found, name, len);
	found[len] = '\0';
	s += len;
	own = region_partition(found);
	if (!take(&s, ".") || (vpc && !take(&s, "vpce.")) || !take(&s, own->dns_suffix) || !at_end(s))
		return false;
	memcpy(region, found, len + 1);
	return true;
}
