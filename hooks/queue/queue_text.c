#include "queue_text.h"

#include <stdio.h>
#include <string.h>

void queue_text_span(int64_t ms, char out[static 24])
{
	static const struct {
		int64_t ms;
		char letter;
	} units[] = { { 86400000, 'd' }, { 3600000, 'h' }, { 60000, 'm' }, { 1000, 's' } };
	size_t i = 0;

	if (ms < 0)
		ms = 0;
	while (i < 3 && ms < units[i].ms)
		i++;
	snprintf(out, 24, "%lld%c", (long long)(ms / units[i].ms), units[i].letter);
}

void queue_text_time(int64_t ms, char out[static 24])
{
	if (ms < 1000)
		snprintf(out, 24, "%lldms", (long long)(ms < 0 ? 0 : ms));
	else if (ms < 10000)
		snprintf(out, 24, "%lld.%llds", (long long)(ms / 1000), (long long)(ms % 1000 / 100));
	else
		queue_text_span(ms, out);
}

/* Bytes of the character at s, 0 when it is no UTF-8 (RFC 3629). */
static size_t character(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
		 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;

	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/* Characters that turn the direction of what stands beside them, so that a name reads as
 * another one (Unicode's Bidi_Control). */
static bool turns(const unsigned char *p, size_t n)
{
	if (n == 2)
		return p[0] == 0xd8 && p[1] == 0x9c;
	return n == 3 && p[0] == 0xe2 &&
	       ((p[1] == 0x80 && (p[2] == 0x8e || p[2] == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae))) ||
		(p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

size_t queue_text_width(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

int queue_text_clean(const char *s, char newline, size_t most, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t count = 0, last = out->len;

	while (*p) {
		size_t n = character(p);
		bool control = n == 1 ? *p < ' ' || *p == 0x7f : n == 2 && p[0] == 0xc2 && p[1] < 0xa0;

		if (most && ++count > most) {	/* the ellipsis in place of the last one */
			out->len = last;
			return buf_adds(out, "…");
		}
		last = out->len;
		if (*p == '\n')
			buf_addc(out, newline);
		else if (*p == '\t')
			buf_addc(out, ' ');
		else if (n == 0 || control || turns(p, n))
			buf_addc(out, '?');
		else
			buf_add(out, p, n);
		p += n ? n : 1;
	}
	return out->failed ? -1 : 0;
}

const char *queue_text_ref(const char *ref)
{
	static const char heads[] = "refs/heads/", refs[] = "refs/";

	if (strncmp(ref, heads, sizeof(heads) - 1) == 0)
		return ref + sizeof(heads) - 1;
	return strncmp(ref, refs, sizeof(refs) - 1) == 0 ? ref + sizeof(refs) - 1 : ref;
}
