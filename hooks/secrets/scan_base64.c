#include "scan_find.h"
#include "scan_runs.h"

#include <string.h>

enum {
	NONE = 64,		/* no character's value */
	FOUR = 4,		/* characters that make three bytes */
	SEPARATOR_MAX = 256,	/* between two lines of one value */
	BACK_MAX = 64 << 10,	/* to where a value may begin that goes on in a part */
	LINES = 3,		/* of 24 and more: the beginning of a stretch is on one of them */
};

void scan_base64_init(struct scan_base64_table *t)
{
	static const char between[] = " \t\r\n\"'`\\,.&()|#*>";
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

	memset(t->value, NONE, sizeof(t->value));
	for (unsigned i = 0; alphabet[i]; i++)
		t->value[(unsigned char)alphabet[i]] = (unsigned char)i;
	for (unsigned i = 0; between[i]; i++)
		t->between[(unsigned char)between[i]] = true;
	t->value['+'] = t->value['-'] = 62;
	t->value['/'] = t->value['_'] = 63;
	/* the bits that are the highest of the first, second and third byte */
	for (unsigned phase = 0; phase < FOUR; phase++)
		for (unsigned c = 0; c < 256; c++) {
			static const unsigned char high[FOUR] = { 0x20, 0x08, 0x02, 0 };

			t->keep[phase][c] = 0;
			for (unsigned lane = 0; lane < FOUR; lane++)
				if (!(t->value[c] & high[(phase - lane) % FOUR]))
					t->keep[phase][c] |= 0xffu << 8 * lane;
		}
}

static bool is_escape(char c)
{
	return c == 'n' || c == 'r' || c == 't';
}

/* b"...", as Python has bytes line by line. */
static bool is_literal(const char *s, size_t len)
{
	return len > 1 && memchr("bBrRuUfF", *s, 8) && (s[1] == '"' || s[1] == '\'');
}

/* What stands between two parts of one value: a line's end with indentation, quotes
 * and signs of concatenation about it; or the backslash of \/. Its end, or `at`. */
static size_t separator(const struct scan_base64_table *t, const char *data, size_t len, size_t at)
{
	size_t end = len - at < SEPARATOR_MAX ? len : at + SEPARATOR_MAX;
	size_t p = at;
	bool joins = false;

	if (p + 1 < end && data[p] == '\\' && data[p + 1] == '/')
		return p + 1;
	while (p < end) {
		char c = data[p];

		if (c == '\\' && p + 1 < end && is_escape(data[p + 1])) {
			joins |= data[p + 1] == 'n';
			p += 2;
		} else if (c == '+' && p + 1 < end && t->between[(unsigned char)data[p + 1]]) {
			p++;
		} else if (joins && is_literal(data + p, end - p)) {
			p++;
		} else if (t->between[(unsigned char)c]) {
			joins |= c == '\n' || c == '"' || c == '\'';
			p++;
		} else {
			break;
		}
	}
	return joins && p < end ? p : at;
}

/* Character after character through one value. */
struct walk {
	const struct scan_base64_table *t;
	const char *data;
	size_t len, at;
	bool joined;	/* over separators */
	bool crossed;	/* over one */
};

/* The value of the next character, and *where it stands; NONE at the end. */
static unsigned next_value(struct walk *w, size_t *where)
{
	unsigned v = w->at < w->len ? w->t->value[(unsigned char)w->data[w->at]] : NONE;

	if (v == NONE && w->joined && w->at < w->len) {
		size_t next = separator(w->t, w->data, w->len, w->at);

		v = next > w->at ? w->t->value[(unsigned char)w->data[next]] : NONE;
		if (v != NONE) {
			w->at = next;
			w->crossed = true;
		}
	}
	*where = w->at;
	w->at += v != NONE;
	return v;
}

/* How far a stretch was walked along to locate hits, which come nearly in their order. */
struct reached {
	struct walk walk;
	size_t n;	/* characters */
};

/* A stretch: where its first four characters begin. */
struct stretch {
	struct walk start;
	struct reached *reached;
};

/* The place of the character that holds the highest bit of byte `n`, or (`last`) its
 * lowest. */
static size_t byte_at(const struct stretch *st, size_t n, bool last)
{
	struct reached *r = st->reached;
	size_t wanted = n / 3 * 4 + n % 3 + last + 1;
	size_t where;

	if (r->n >= wanted)
		*r = (struct reached){ .walk = st->start };
	where = r->walk.at;
	while (r->n < wanted && next_value(&r->walk, &where) != NONE)
		r->n++;
	return where < st->start.len ? where : st->start.len - 1;
}

static void locate(const void *arg, struct scan_hit *hit)
{
	const struct stretch *st = arg;
	size_t from = byte_at(st, hit->offset, false);
	size_t last = hit->len ? byte_at(st, hit->offset + hit->len - 1, true) : from;

	hit->offset = from;
	hit->len = last + 1 - from;
}

/* Decodes and scans from w->at on, up to the end or the first four characters behind
 * the first that are not of text; they are taken along, as are those before. */
static int decode(struct scanner *s, struct walk *w, struct err *err)
{
	struct reached reached = { .walk = *w };
	const struct stretch st = { *w, &reached };
	bool first = true;

	if (scan_stream_begin(&s->stream, "base64", locate, &st, err) < 0)
		return -1;
	for (;; first = false) {
		struct scan_stream *out = &s->stream;
		unsigned bits = 0, n = 0;
		size_t where;

		for (; n < FOUR; n++) {
			unsigned v = next_value(w, &where);

			if (v == NONE)
				break;
			bits = bits << 6 | v;
		}
		bits <<= 6 * (FOUR - n);
		for (unsigned i = 0; n > 0 && i < n - 1; i++)
			out->data[out->len++] = (char)(bits >> (16 - 8 * i));
		if (n < FOUR || (!first && bits & 0x808080))
			break;
		if (out->len + 3 > SCAN_STREAM_SIZE && scan_stream_scan(s, false, err) < 0)
			return -1;
	}
	return scan_stream_scan(s, true, err);
}

/* The parts that stand between separators, each for itself: they may be values of
 * their own, one a line. */
static int decode_parts(struct scanner *s, struct walk w, size_t end, struct err *err)
{
	while (w.at < end) {
		size_t from = w.at, where;
		unsigned skip = 0;

		w.joined = false;
		if (decode(s, &w, err) < 0)
			return -1;
		while (next_value(&w, &where) != NONE)
			continue;
		skip = (unsigned)((w.at - from) % FOUR);
		w.joined = true;
		for (; skip % FOUR; skip++)
			if (next_value(&w, &where) == NONE)
				return 0;
		/* to the first character behind the separator */
		if (next_value(&w, &where) == NONE)
			return 0;
		w.at = where;
	}
	return 0;
}

/* The lines of a block that were seen last, the newest first. */
struct lines {
	struct span v[LINES];
	size_t done[FOUR];	/* a lane's stretch up to there has been scanned */
};

/* Where the character stands that is `back` before the one at `at`, on the newest. */
static size_t step_back(const struct lines *l, size_t at, size_t back)
{
	size_t n = at - l->v[0].offset;

	for (int i = 1; back > n && i < LINES; i++) {
		back -= n;
		n = l->v[i].len;
		at = l->v[i].offset + n;
	}
	return at - (back < n ? back : n);
}

/* A lane has seen 24 characters of text; the last is the `i`th of the block, at `at`. */
static int seen(struct scanner *s, struct lines *l, size_t at, size_t i, unsigned lane,
		struct err *err)
{
	struct walk w = { .t = &s->base64, .data = s->text->data, .len = s->text->len, .joined = true };
	size_t begin = i + 1 - SCAN_RUN_MIN;
	struct walk start;

	if (at < l->done[lane])
		return 0;
	begin += (lane - begin) % FOUR;
	if (begin >= FOUR)
		begin -= FOUR;	/* a value may begin inside them */
	w.at = step_back(l, at, i - begin);
	start = w;
	if (decode(s, &w, err) < 0)
		return -1;
	l->done[lane] = w.at;
	return w.crossed ? decode_parts(s, start, w.at, err) : 0;
}

/* One line of a block. `counts`: how many characters of text each lane has seen in a
 * row, modulo 128. */
static int line(struct scanner *s, struct lines *l, size_t *i, uint32_t *counts, struct err *err)
{
	const char *data = s->text->data;
	size_t end = l->v[0].offset + l->v[0].len;
	uint32_t c = *counts;

	for (size_t at = l->v[0].offset; at < end; at++, ++*i) {
		uint32_t enough;

		c = ((c & 0x7f7f7f7f) + 0x01010101) & s->base64.keep[*i % FOUR][(unsigned char)data[at]];
		enough = c ^ SCAN_RUN_MIN * 0x01010101u;
		if (!((enough - 0x01010101) & ~enough & 0x80808080))
			continue;
		for (unsigned lane = 0; lane < FOUR; lane++)
			if ((enough >> 8 * lane & 0xff) == 0 && seen(s, l, at, *i, lane, err) < 0)
				return -1;
	}
	*counts = c;
	return 0;
}

/* The lines of one value, of which the first begins at *at and all but the last are
 * long. */
static int block(struct scanner *s, size_t *at, struct err *err)
{
	const char *data = s->text->data;
	size_t len = s->text->len, i = 0;
	struct lines l = { 0 };
	uint32_t counts = 0;

	for (;;) {
		size_t end = *at, next;

		while (end < len && s->base64.value[(unsigned char)data[end]] != NONE)
			end++;
		memmove(l.v + 1, l.v, sizeof(l.v) - sizeof(*l.v));
		l.v[0] = (struct span){ *at, end - *at };
		if (line(s, &l, &i, &counts, err) < 0)
			return -1;
		*at = end;
		if (l.v[0].len < SCAN_RUN_MIN)
			return 0;
		next = separator(&s->base64, data, len, end);
		if (next == end || s->base64.value[(unsigned char)data[next]] == NONE)
			return 0;
		*at = next;
	}
}

/* The values that begin from *at to `to`; *at becomes where the next may. */
static int between(struct scanner *s, size_t *at, size_t to, struct err *err)
{
	const struct scan_text *t = s->text;

	while ((*at = scan_runs_next(t->data, t->len, *at)) < to && *at < t->len)
		if (block(s, at, err) < 0)
			return -1;
	return 0;
}

/* Back to what no value goes on over; false when that is too far away. */
static bool begin_of(const struct scanner *s, size_t *at)
{
	size_t stop = *at > BACK_MAX ? *at - BACK_MAX : 0;

	while (*at > stop) {
		unsigned char c = (unsigned char)s->text->data[*at - 1];

		if (s->base64.value[c] == NONE && !s->base64.between[c])
			return true;
		--*at;
	}
	return *at == 0;
}

int scan_base64(struct scanner *s, const struct scan_part *parts, size_t n, struct err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		size_t from = parts[i].from;

		if (!begin_of(s, &from))
			n = 0;	/* then all of the text is one part */
		at = from > at ? from : at;
		if (n > 0 && between(s, &at, parts[i].to + SEPARATOR_MAX, err) < 0)
			return -1;
	}
	at = 0;
	return n > 0 ? 0 : between(s, &at, s->text->len, err);
}
