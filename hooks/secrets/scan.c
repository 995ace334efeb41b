#include "scan_base64.h"
#include "scan_find.h"
#include "scan_gzip.h"
#include "scan_runs.h"
#include "scan_text.h"

#include <stdlib.h>
#include <string.h>

int scan_open(const struct scan_rules *rules, struct scanner **out, struct err *err)
{
	struct scanner *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_INTERNAL, "no memory to scan");
	s->rules = rules;
	s->wide = (struct buf)BUF_INIT(SCAN_TEXT_MAX);
	if (hs_alloc_scratch(rules->db, &s->scratch) != HS_SUCCESS) {
		free(s);
		return err_set(err, ERR_INTERNAL, "Hyperscan cannot work on this machine");
	}
	if (scan_regex_open(rules->table, rules->n, &s->regex, err) < 0) {
		scan_close(s);
		return -1;
	}
	scan_base64_init(&s->base64);
	*out = s;
	return 0;
}

void scan_close(struct scanner *s)
{
	if (!s)
		return;
	hs_free_scratch(s->scratch);
	scan_regex_close(s->regex);
	buf_free(&s->wide);
	scan_stream_free(&s->stream);
	explicit_bzero(&s->value, sizeof(s->value));
	free(s);
}

/* Where a character of UTF-16 stands is known when all are found. */
static void locate_wide(struct scanner *s)
{
	const struct scan_text *t = s->text;

	for (size_t i = s->hits.first; i < s->hits.n; i++) {
		struct scan_hit *hit = &s->hits.v[i];

		scan_text_locate(t->data, t->len, &hit->offset, &hit->len);
		hit->encoding = "UTF-16";
	}
}

static int scan_wide(struct scanner *s, struct err *err)
{
	const struct scan_text *t = s->text;
	int failed;

	if (!scan_text_utf16(t->data, t->len, &s->wide, &failed))
		return failed ? err_set(err, ERR_INTERNAL, "no memory to decode UTF-16") : 0;
	if (scan_find(s, buf_str(&s->wide), s->wide.len, NULL, 0, err) < 0)
		return -1;
	locate_wide(s);
	scan_hits_end(&s->hits);
	return 0;
}

/* Where to look: s->parts, how many. 0: everywhere. */
static size_t parts_of(struct scanner *s)
{
	const struct scan_rules *rules = s->rules;
	bool limited = false, any = false;

	if (!s->text->changed)
		return 0;
	if (!s->reach_known) {
		scan_reach_of(rules->table, rules->n, false, &s->reach);
		scan_reach_of(rules->table, rules->n, true, &s->reach_limited);
	}
	s->reach_known = true;
	for (size_t i = 0; i < rules->n && !limited; i++) {
		if (!scan_reach_is_limited(&rules->table[i]))
			continue;
		any = true;
		limited = scan_regex_wants(s->regex, i, s->text->paths, s->text->n_paths);
	}
	s->here = any && !limited;	/* those that do not want these paths may not be seen */
	return scan_delta_parts(limited ? &s->reach_limited : &s->reach, s->text, s->parts);
}

static int scan_plain(struct scanner *s, size_t n_parts, struct err *err)
{
	size_t id = SIZE_MAX;

	if (scan_find(s, s->text->data, s->text->len, s->parts, n_parts, err) < 0)
		return -1;
	if (n_parts > 0 && scan_regex_far(s->regex)) {
		scan_hits_clear(&s->hits);
		if (scan_find(s, s->text->data, s->text->len, NULL, 0, err) < 0)
			return -1;
	}
	while (scan_regex_path(s->regex, &id, &s->value))
		scan_hits_add(&s->hits, &s->rules->table[id], &s->value);
	scan_hits_end(&s->hits);
	return 0;
}

static int scan_all(struct scanner *s, struct err *err)
{
	const struct scan_text *t = s->text;
	size_t n_parts = parts_of(s);

	if (scan_plain(s, n_parts, err) < 0 || scan_base64(s, s->parts, n_parts, err) < 0)
		return -1;
	if (scan_runs_binary(t->data, t->len) && (scan_wide(s, err) < 0 || scan_gzip(s, err) < 0))
		return -1;
	s->loud |= s->hits.n > 0 || s->hits.more;
	return 0;
}

int scan_bytes(struct scanner *s, const struct scan_text *text, scan_fn *fn, void *arg,
	       struct err *err)
{
	scan_hits_clear(&s->hits);
	s->text = text;
	s->unpacked = 0;
	s->loud = s->here = false;
	if (text->len == 0)
		return 0;
	if (scan_all(s, err) < 0)
		return -1;
	scan_hits_place(&s->hits, text->data);
	for (size_t i = 0; i < s->hits.n; i++)
		if (fn(arg, &s->hits.v[i], err) < 0)
			return -1;
	return s->hits.more;
}

enum scan_quiet scan_quiet(const struct scanner *s)
{
	if (s->loud)
		return SCAN_LOUD;
	return s->here ? SCAN_QUIET_HERE : SCAN_QUIET;
}
