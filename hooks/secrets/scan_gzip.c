#include "scan_find.h"
#include "scan_gzip.h"

#include <string.h>
#include <zlib.h>

enum {
	GZIP_BITS = 15 + 16,	/* inflateInit2: the largest window, gzip's header and check */
	RAW_BITS = -15,		/* deflate alone, as in zip */
	HEADER = 10,		/* of gzip, at least */
	ENTRY = 30,		/* a zip entry's header, without name and extra field */
	INPUT = 1 << 30,	/* zlib counts in unsigned int */
};

static unsigned u16(const char *p)
{
	return (unsigned char)p[0] | (unsigned)(unsigned char)p[1] << 8;
}

/* RFC 1952, 2.3: the magic, deflate, and no reserved flag. */
static bool is_gzip(const char *p, size_t left)
{
	return left >= HEADER && memcmp(p, "\x1f\x8b\x08", 3) == 0 && !(p[3] & 0xe0);
}

/* APPNOTE.TXT, 4.3.7: a local header, deflated. *skip: up to the data. */
static bool is_entry(const char *p, size_t left, size_t *skip)
{
	if (left < ENTRY || memcmp(p, "PK\3\4", 4) != 0 || u16(p + 8) != Z_DEFLATED)
		return false;
	*skip = ENTRY + u16(p + 26) + u16(p + 28);
	return *skip < left;
}

static void locate(const void *arg, struct scan_hit *hit)
{
	const size_t *at = arg;

	hit->offset = *at;
	hit->len = 2;	/* of the magic */
}

static void feed(z_stream *z, const char *data, size_t len, size_t at)
{
	size_t left = len - at;

	z->next_in = (z_const Bytef *)(data + at);
	z->avail_in = (uInt)(left < INPUT ? left : INPUT);
}

/* Takes out what fits into the window. Z_OK: there is more. */
static int step(struct scanner *s, z_stream *z)
{
	struct scan_stream *out = &s->stream;
	uInt room = (uInt)(SCAN_STREAM_SIZE - out->len);
	int rc;

	z->next_out = (Bytef *)(out->data + out->len);
	z->avail_out = room;
	if (z->avail_in == 0)
		feed(z, s->text->data, s->text->len, (size_t)((const char *)z->next_in - s->text->data));
	rc = inflate(z, Z_NO_FLUSH);
	out->len += room - z->avail_out;
	s->unpacked += room - z->avail_out;
	return rc;
}

/* *end: where to look for the next; not again into what was unpacked without a fault. */
static int unpack(struct scanner *s, z_stream *z, bool members, size_t *end, struct err *err)
{
	const char *data = s->text->data;
	int rc = Z_OK;

	while (rc == Z_OK) {
		rc = step(s, z);
		if (rc == Z_STREAM_END) {
			*end = (size_t)((const char *)z->next_in - data);
			if (members && is_gzip(data + *end, s->text->len - *end)) {
				rc = inflateReset(z);
				++*end;
			}
		}
		if (s->unpacked > SCAN_UNPACKED_MAX) {
			s->hits.more |= SCAN_TOO_LARGE;
			break;
		}
		if (rc == Z_OK && s->stream.len == SCAN_STREAM_SIZE && scan_stream_scan(s, false, err) < 0)
			return -1;
	}
	/* what is broken is looked into again, from each magic in it */
	if (rc != Z_STREAM_END)
		s->unpacked += (size_t)((const char *)z->next_in - data) - (*end - 1);
	return scan_stream_scan(s, true, err);
}

static int open_at(struct scanner *s, size_t at, size_t skip, int bits, size_t *end, struct err *err)
{
	z_stream z = { 0 };
	int rc;

	if (scan_stream_begin(&s->stream, bits == GZIP_BITS ? "gzip" : "zip", locate, &at, err) < 0)
		return -1;
	if (inflateInit2(&z, bits) != Z_OK)
		return err_set(err, ERR_INTERNAL, "no memory to unpack");
	feed(&z, s->text->data, s->text->len, at + skip);
	rc = unpack(s, &z, bits == GZIP_BITS, end, err);
	inflateEnd(&z);
	return rc;
}

/* The next places where something packed begins: found once each, by a byte of the
 * magic that text does not have. */
struct places {
	size_t gzip, entry;
	size_t skip;		/* the entry's header */
};

static size_t next_gzip(const char *data, size_t len, size_t at)
{
	const char *p = data + at;

	while ((p = memchr(p, '\x1f', (size_t)(data + len - p)))) {
		if (is_gzip(p, (size_t)(data + len - p)))
			return (size_t)(p - data);
		p++;
	}
	return len;
}

static size_t next_entry(const char *data, size_t len, size_t at, size_t *skip)
{
	const char *p = data + at;

	while ((p = memchr(p, '\3', (size_t)(data + len - p)))) {
		const char *magic = p - 2;

		if (magic >= data + at && is_entry(magic, (size_t)(data + len - magic), skip))
			return (size_t)(magic - data);
		p++;
	}
	return len;
}

int scan_gzip(struct scanner *s, struct err *err)
{
	const char *data = s->text->data;
	size_t len = s->text->len, at = 0;
	struct places next = { .gzip = next_gzip(data, len, 0) };

	next.entry = next_entry(data, len, 0, &next.skip);
	while ((at = next.gzip < next.entry ? next.gzip : next.entry) < len) {
		bool gzip = at == next.gzip;
		size_t end = at + 1;

		if (scan_find_in_time(s, err) < 0 ||
		    open_at(s, at, gzip ? 0 : next.skip, gzip ? GZIP_BITS : RAW_BITS, &end, err) < 0)
			return -1;
		if (s->hits.more & SCAN_TOO_LARGE)
			break;
		if (next.gzip < end)
			next.gzip = next_gzip(data, len, end);
		if (next.entry < end)
			next.entry = next_entry(data, len, end, &next.skip);
	}
	return 0;
}
