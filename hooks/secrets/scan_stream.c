#include "scan_find.h"
#include "scan_text.h"

#include <stdlib.h>
#include <string.h>

int scan_stream_begin(struct scan_stream *st, const char *encoding, scan_locate_fn *locate,
		      const void *arg, struct err *err)
{
	if (!st->data)
		st->data = malloc(SCAN_STREAM_SIZE);
	if (!st->data)
		return err_set(err, ERR_INTERNAL, "no memory to decode %s", encoding);
	st->len = 0;
	st->before = 0;
	st->encoding = encoding;
	st->locate = locate;
	st->arg = arg;
	return 0;
}

/* What begins before `from` was told already; from `to` on the next window tells. */
static void take_over(struct scanner *s, size_t from, size_t to, bool wide)
{
	const struct scan_stream *st = &s->stream;
	size_t n = s->hits.first;

	for (size_t i = n; i < s->hits.n; i++) {
		struct scan_hit hit = s->hits.v[i];

		if (wide)
			scan_text_locate(st->data, st->len, &hit.offset, &hit.len);
		if (hit.offset < from || hit.offset >= to)
			continue;
		hit.offset += st->before;
		hit.encoding = st->encoding;
		st->locate(st->arg, &hit);
		s->hits.v[n++] = hit;
	}
	s->hits.n = n;
	scan_hits_end(&s->hits);
}

int scan_stream_scan(struct scanner *s, bool last, struct err *err)
{
	struct scan_stream *st = &s->stream;
	size_t from = st->before ? SCAN_STREAM_BEHIND : 0;
	size_t to = last ? st->len : st->len - SCAN_STREAM_AHEAD;
	size_t kept = SCAN_STREAM_AHEAD + SCAN_STREAM_BEHIND;
	int failed;

	if (scan_find_in_time(s, err) < 0 ||
	    scan_find(s, st->data, st->len, NULL, 0, err) < 0)
		return -1;
	take_over(s, from, to, false);
	if (scan_text_utf16(st->data, st->len, &s->wide, &failed)) {
		if (scan_find(s, buf_str(&s->wide), s->wide.len, NULL, 0, err) < 0)
			return -1;
		take_over(s, from, to, true);
	}
	if (failed)
		return err_set(err, ERR_INTERNAL, "no memory to decode UTF-16");
	if (!last) {
		memmove(st->data, st->data + st->len - kept, kept);
		st->before += st->len - kept;
		st->len = kept;
	}
	return 0;
}

void scan_stream_free(struct scan_stream *st)
{
	free(st->data);
}
