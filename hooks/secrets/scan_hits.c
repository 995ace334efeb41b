#include "scan_hits.h"
#include "lib/aws/hash.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 4 };

void scan_hits_clear(struct scan_hits *h)
{
	h->n = h->first = 0;
	h->more = 0;
}

void scan_hits_begin(struct scan_hits *h)
{
	h->first = h->n;
}

static bool allowed(const struct scan_hit *hit)
{
	for (const char *const *a = hit->rule->allow; a && *a; a++)
		if (strcmp(*a, hit->sha256) == 0)
			return true;
	return false;
}

static void drop_allowed(struct scan_hits *h)
{
	size_t n = h->first;

	for (size_t i = h->first; i < h->n; i++)
		if (!allowed(&h->v[i]))
			h->v[n++] = h->v[i];
	h->n = n;
}

static bool refuses(const struct rule *rule)
{
	return !rule->group && !rule->warning;
}

/* The rule that stands earlier has a place, but a built-in one that only warns makes way for
 * what a team refuses. */
static bool has_priority(const struct rule *a, const struct rule *b)
{
	if (a->group && a->warning && refuses(b))
		return false;
	return (b->group && b->warning && refuses(a)) || a <= b;
}

static bool apart(const struct scan_hit *hit, const struct scan_value *v)
{
	return v->offset >= hit->offset + hit->len || hit->offset >= v->offset + v->len;
}

/* Whether a hit has the place. If none has, those that are there make way: not before, or a
 * value could make way for one that is not told. */
static bool taken(struct scan_hits *h, const struct rule *rule, const struct scan_value *v)
{
	for (size_t i = h->first; i < h->n; i++)
		if (!apart(&h->v[i], v) && has_priority(h->v[i].rule, rule))
			return true;
	for (size_t i = h->n; i-- > h->first;)
		if (!apart(&h->v[i], v))
			h->v[i] = h->v[--h->n];
	return false;
}

void scan_hits_add(struct scan_hits *h, const struct rule *rule, const struct scan_value *v)
{
	struct scan_hit *hit;
	size_t shown = v->n < 4 * SHOWN ? v->n / 4 : SHOWN;

	if (h->n == SCAN_HITS_MAX)
		drop_allowed(h);	/* a thousand examples hide no secret */
	if (taken(h, rule, v))
		return;
	if (h->n == SCAN_HITS_MAX) {
		h->more |= SCAN_MORE;
		return;
	}
	hit = &h->v[h->n++];
	*hit = (struct scan_hit){ .rule = rule, .offset = v->offset, .len = v->len };
	hash_sha256_hex(v->text, v->n, hit->sha256);
	memcpy(hit->shown, v->text, shown);
	memcpy(hit->shown + shown, "****", sizeof("****"));
}

static bool told(const struct scan_hits *h, const struct scan_hit *hit, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((h->v[i].encoding != hit->encoding || h->v[i].offset == hit->offset) &&
		    strcmp(h->v[i].sha256, hit->sha256) == 0)
			return true;
	return false;
}

void scan_hits_end(struct scan_hits *h)
{
	size_t n;

	drop_allowed(h);
	n = h->first;
	for (size_t i = h->first; i < h->n; i++)
		if (!h->v[i].encoding || !told(h, &h->v[i], n))
			h->v[n++] = h->v[i];
	h->n = n;
}

static int by_offset(const void *a, const void *b)
{
	const struct scan_hit *x = a, *y = b;

	if (x->offset != y->offset)
		return x->offset < y->offset ? -1 : 1;
	return strcmp(x->sha256, y->sha256);
}

/* A character of UTF-8 by its first byte, and of UTF-16 by the byte that is not
 * NUL; a byte order mark is none. */
static bool begins_character(unsigned char c)
{
	return c && (c & 0xc0) != 0x80 && c < 0xfe;
}

void scan_hits_place(struct scan_hits *h, const char *data)
{
	const char *at = data;
	int line = 1, column = 1;

	qsort(h->v, h->n, sizeof(*h->v), by_offset);
	for (size_t i = 0; i < h->n; i++) {
		const char *value = data + h->v[i].offset;
		const char *newline;

		while ((newline = memchr(at, '\n', (size_t)(value - at)))) {
			at = newline + 1;
			line++;
			column = 1;
		}
		for (; at < value; at++)
			column += begins_character((unsigned char)*at);
		h->v[i].line = line;
		h->v[i].column = column;
	}
}
