/*
 * Packs that git would write, packs that it would not, and what changed in a
 * delta. `test_pack read|sweep FOLDER` prints the objects named on standard
 * input as `git cat-file --batch` does: tests/e2e/pack-agrees.t compares.
 */
#include "pack_world.h"
#include "hooks/objects/delta.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define LIMIT ((size_t)1 << 20)

static struct pack_world world;

static int open_world(void **state)
{
	(void)state;
	pack_world_open(&world);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	pack_world_close(&world);
	return 0;
}

/* ---- both readers, which must say the same ---- */

struct told {
	char *data;
	size_t len;
	git_object_t type;
	size_t times, n_changed;
	int base;
	bool changed, wrong;
	struct told *all;	/* in args only */
};

static int tell(void *arg, const struct sweep_object *o, int *state, struct err *err)
{
	struct told *t = (struct told *)arg + o->index;

	(void)err;
	t->times++;
	t->type = o->type;
	t->len = o->len;
	t->data = malloc(o->len + 1);
	memcpy(t->data, o->data, o->len);
	t->base = o->base;
	t->changed = o->changed != NULL;
	t->n_changed = o->n_changed;
	if (o->base) {
		const struct told *base = (const struct told *)arg + o->base - 1;

		t->wrong = base->times != 1 ||
			   (o->changed && !pack_world_changes_hold(o, base->data, base->len));
	}
	*state = (int)o->index + 1;
	return 0;
}

static struct told *sweep_all(struct packs *packs, const git_oid *oids, size_t n, unsigned threads,
			      bool *done)
{
	struct told *told = calloc(n + 1, sizeof(*told));
	void *args[SWEEP_THREADS_MAX];
	struct err err = { 0 };

	for (size_t i = 0; i < SWEEP_THREADS_MAX; i++)
		args[i] = told;
	assert_int_equal(sweep(packs, oids, n, threads, tell, args, 0, done, &err), 0);
	return told;
}

static void free_told(struct told *told, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(told[i].data);
	free(told);
}

/* Reads all of world's entries in both ways; `want` has each one's content, or
 * NULL when it must not be here. */
static void reads_as(const char *const *want, size_t n)
{
	git_oid oids[64];
	bool done[64];
	struct pack_reader *reader;
	struct pack_object o;
	struct packs *packs;
	struct err err = { 0 };
	struct told *told;

	for (size_t i = 0; i < n; i++)
		oids[i] = pack_world_name(i);
	assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
	assert_int_equal(pack_reader_open(packs, PACK_CACHE_MAX, &reader, &err), 0);
	told = sweep_all(packs, oids, n, 2, done);
	for (size_t round = 0; round < 2; round++) {
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(pack_read(reader, &oids[i], &o), want[i] != NULL);
			if (!want[i])
				continue;
			assert_int_equal(o.len, strlen(want[i]));
			assert_memory_equal(o.data, want[i], o.len);
		}
	}
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(done[i], want[i] != NULL);
		assert_int_equal(told[i].times, want[i] != NULL);
		assert_false(told[i].wrong);
		if (!want[i])
			continue;
		assert_int_equal(told[i].len, strlen(want[i]));
		assert_memory_equal(told[i].data, want[i], told[i].len);
	}
	free_told(told, n);
	pack_reader_free(reader);
	pack_free(packs);
}

static void saved_reads_as(const char *const *want, size_t n)
{
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	reads_as(want, n);
}

/* "hello world" -> "hello there" -> "hello there!" */
#define HELLO "hello world"
#define THERE "\013\013" "\220\006" "\005there"
#define BANG "\013\014" "\220\013" "\001!"

static void add_three(void)
{
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	pack_world_add_offset(&world, 0, THERE, sizeof(THERE) - 1);
	pack_world_add_offset(&world, 1, BANG, sizeof(BANG) - 1);
}

static const char *const three[] = { HELLO, "hello there", "hello there!" };

static void reads_chains(void **state)
{
	(void)state;
	pack_world_begin(&world);
	add_three();
	saved_reads_as(three, 3);
	pack_world_begin(&world);
	world.large_offsets = true;
	add_three();
	saved_reads_as(three, 3);
	world.large_offsets = false;
}

static void reads_bases_named_before_they_come(void **state)
{
	git_oid second = pack_world_name(1), third = pack_world_name(2);
	static const char *const want[] = { "hello there!", "hello there", HELLO };

	(void)state;
	pack_world_begin(&world);
	pack_world_add_reference(&world, &second, BANG, sizeof(BANG) - 1);
	pack_world_add_reference(&world, &third, THERE, sizeof(THERE) - 1);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	saved_reads_as(want, 3);
}

static void leaves_what_hangs_in_the_air(void **state)
{
	git_oid self = pack_world_name(0), other = pack_world_name(1), nowhere = pack_world_name(77);
	static const char *const want[] = { NULL, NULL, NULL, NULL, NULL, HELLO };

	(void)state;
	pack_world_begin(&world);
	/* two that are upon each other */
	pack_world_add_reference(&world, &other, BANG, sizeof(BANG) - 1);
	pack_world_add_reference(&world, &self, BANG, sizeof(BANG) - 1);
	pack_world_add_reference(&world, &nowhere, BANG, sizeof(BANG) - 1);
	pack_world_add_far(&world, 1, BANG, sizeof(BANG) - 1);
	pack_world_add_far(&world, 1 << 20, BANG, sizeof(BANG) - 1);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	saved_reads_as(want, 6);
}

static void leaves_broken_entries(void **state)
{
	static const char *const want[] = { HELLO, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL };

	(void)state;
	pack_world_begin(&world);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	pack_world_add_raw(&world, GIT_OBJECT_BLOB, 12, "", 0, HELLO, 11);
	pack_world_add_raw(&world, GIT_OBJECT_BLOB, 10, "", 0, HELLO, 11);
	pack_world_add_raw(&world, GIT_OBJECT_BLOB, LIMIT + 1, "", 0, HELLO, 11);
	pack_world_add_raw(&world, GIT_OBJECT_BLOB, SIZE_MAX >> 1, "", 0, HELLO, 11);
	pack_world_add_raw(&world, 5, 11, "", 0, HELLO, 11);
	pack_world_add_raw(&world, 0, 11, "", 0, HELLO, 11);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	world.pack.data[world.pack.len - 1] ^= 1;	/* zlib's own sum */
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	world.v[8].crc ^= 1;
	saved_reads_as(want, 9);
}

static void leaves_broken_deltas(void **state)
{
	static const struct { const char *delta; size_t len; } deltas[] = {
		{ "", 0 }, { "\013", 1 }, { "\013\200", 2 },
		{ "\012\001\001!", 4 },				/* for a base of another size */
		{ "\013\002\001!", 4 }, { "\013\001\002!!", 5 },	/* too few, too many */
		{ "\013\001\000", 3 },				/* an instruction for later */
		{ "\013\002\002!", 4 },				/* cut */
		{ "\013\001\221\013", 4 }, { "\013\001\221", 3 },	/* copies past the end; cut */
		{ "\013\014\220\014", 4 }, { "\013\013\237\377\377\377\377\001", 8 },
		{ "\013\377\377\377\377\017\220\013", 8 },	/* a result over the limit */
		{ "\013\013\200", 3 },				/* 64 KiB, by default */
		{ "\377\377\377\377\377\377\377\377\377\001\001\001!", 13 },
	};
	const char *want[40] = { HELLO };
	size_t n = sizeof(deltas) / sizeof(*deltas);

	(void)state;
	pack_world_begin(&world);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	for (size_t i = 0; i < n; i++)
		pack_world_add_offset(&world, 0, deltas[i].delta, deltas[i].len);
	/* and what stands upon a broken one */
	pack_world_add_offset(&world, n, THERE, sizeof(THERE) - 1);
	pack_world_add_offset(&world, 0, THERE, sizeof(THERE) - 1);
	want[n + 2] = "hello there";
	saved_reads_as(want, n + 3);
}

/* ---- whole files ---- */

static void check_file(size_t at, int change, bool index, bool here)
{
	static const char *const none[3];
	struct buf *b;

	pack_world_begin(&world);
	add_three();
	pack_world_finish(&world);
	b = index ? &world.index : &world.pack;
	if (change < 0)
		b->len = at;
	else
		b->data[at] = (char)(b->data[at] ^ change);
	pack_world_save(&world, "pack-1");
	reads_as(here ? three : none, 3);
}

static void leaves_other_files(void **state)
{
	size_t pack, index;

	(void)state;
	check_file(0, 0, false, true);
	pack = world.pack.len;
	index = world.index.len;
	for (size_t i = 0; i < 12; i++)
		if (i != 7)
			check_file(i, 8, false, false);
	check_file(7, 1, false, true);		/* version 3 */
	check_file(7, 4, false, false);
	check_file(pack - 1, 1, false, false);
	check_file(index - 40, 1, true, false);
	for (size_t i = 0; i < 8; i++)
		check_file(i, 1, true, false);
	for (size_t len = 0; len < pack; len++)
		check_file(len, -1, false, false);
	for (size_t len = 0; len < index; len += len < 1000 ? 97 : 1)
		check_file(len, -1, true, false);
}

/* Whatever byte is another, nothing is told that was not written. */
static void tells_nothing_wrong_of_changed_bytes(void **state)
{
	struct pack_reader *reader;
	struct pack_object o;
	struct packs *packs;
	struct err err = { 0 };

	(void)state;
	for (size_t at = 12; at < 12 + 60; at++) {
		for (int bit = 1; bit < 256; bit *= 2) {
			bool done[3];
			git_oid oids[3];
			struct told *told;

			pack_world_begin(&world);
			add_three();
			pack_world_finish(&world);
			if (at >= world.pack.len - 20)
				return;
			world.pack.data[at] = (char)(world.pack.data[at] ^ bit);
			pack_world_save(&world, "pack-1");
			assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
			assert_int_equal(pack_reader_open(packs, 1 << 20, &reader, &err), 0);
			for (size_t i = 0; i < 3; i++) {
				oids[i] = pack_world_name(i);
				if (pack_read(reader, &oids[i], &o)) {
					assert_int_equal(o.len, strlen(three[i]));
					assert_memory_equal(o.data, three[i], o.len);
				}
			}
			told = sweep_all(packs, oids, 3, 1, done);
			for (size_t i = 0; i < 3; i++) {
				if (done[i]) {
					assert_int_equal(told[i].type, GIT_OBJECT_BLOB);
					assert_memory_equal(told[i].data, three[i], strlen(three[i]));
				}
			}
			assert_false(done[0] && done[1] && done[2]);
			free_told(told, 3);
			pack_reader_free(reader);
			pack_free(packs);
		}
	}
}

static void reads_several_packs_and_alternates(void **state)
{
	static const char *const want[] = { HELLO, "hello there" };
	struct pack_world elsewhere;
	struct buf line = BUF_INIT(256);
	struct err err = { 0 };
	char path[128];

	(void)state;
	pack_world_open(&elsewhere);
	pack_world_begin(&world);
	pack_world_add(&world, GIT_OBJECT_BLOB, HELLO, 11);
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	reads_as((const char *const[]){ HELLO, NULL }, 2);

	pack_world_begin(&elsewhere);
	pack_world_add(&elsewhere, GIT_OBJECT_BLOB, "hello there", 11);
	elsewhere.v[0].oid = pack_world_name(1);
	pack_world_finish(&elsewhere);
	pack_world_save(&elsewhere, "pack-2");
	snprintf(path, sizeof(path), "%s/info", world.folder);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/info/alternates", world.folder);
	/* two that are not there, itself, and one by a path from here */
	buf_addf(&line, "# none\n/nowhere\n\n%s\n../%s", world.folder, strrchr(elsewhere.folder, '/') + 1);
	assert_int_equal(file_replace(path, line.data, line.len, 0600, &err), 0);
	reads_as(want, 2);
	assert_int_equal(unlink(path), 0);
	reads_as((const char *const[]){ HELLO, NULL }, 2);
	buf_free(&line);
	pack_world_close(&elsewhere);
}

static void reads_what_was_taken_away_since(void **state)
{
	struct pack_reader *reader;
	struct pack_object o;
	struct packs *packs;
	struct err err = { 0 };
	git_oid oid = pack_world_name(2);
	char path[128];

	(void)state;
	pack_world_begin(&world);
	add_three();
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
	assert_int_equal(pack_reader_open(packs, 1 << 20, &reader, &err), 0);
	assert_true(pack_has(packs, &oid));
	assert_true(pack_read(reader, &oid, &o));
	snprintf(path, sizeof(path), "%s/pack/pack-1.pack", world.folder);
	assert_int_equal(unlink(path), 0);
	assert_true(pack_read(reader, &oid, &o));
	pack_reader_free(reader);
	pack_free(packs);
	/* and what was gone before it was opened is not here */
	reads_as((const char *const[]){ NULL, NULL, NULL }, 3);
	assert_int_equal(pack_open("/nowhere", LIMIT, &packs, &err), 0);
	assert_false(pack_has(packs, &oid));
	pack_free(packs);
}

/* ---- the sweep ---- */

static int refuse(void *arg, const struct sweep_object *o, int *state, struct err *err)
{
	(void)o;
	(void)state;
	++*(size_t *)arg;
	return err_set(err, ERR_NO, "no more");
}

static void ends_when_told_to(void **state)
{
	git_oid oids[3] = { pack_world_name(0), pack_world_name(1), pack_world_name(2) };
	struct packs *packs;
	struct err err = { 0 };
	size_t calls = 0;
	void *args[] = { &calls, &calls };
	bool done[3];

	(void)state;
	pack_world_begin(&world);
	add_three();
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
	assert_int_equal(sweep(packs, oids, 3, 1, refuse, args, 0, done, &err), -1);
	assert_int_equal(err.class, ERR_NO);
	assert_int_equal(calls, 1);
	assert_false(done[0] || done[1] || done[2]);
	assert_int_equal(sweep(packs, oids, 3, 1, refuse, args, deadline_in(-1), done, &err), -1);
	assert_int_equal(err.class, ERR_TIMEOUT);
	assert_int_equal(calls, 1);
	assert_int_equal(sweep(packs, oids, 0, 2, refuse, args, 0, done, &err), 0);
	pack_free(packs);
}

static void tells_bases(void **state)
{
	git_oid first = pack_world_name(0), second = pack_world_name(1), third = pack_world_name(2);
	git_oid all[] = { third, second, first }, ends[] = { first, third, third };
	struct packs *packs;
	struct err err = { 0 };
	struct told *told;
	bool done[3];

	(void)state;
	pack_world_begin(&world);
	add_three();
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
	told = sweep_all(packs, all, 3, 2, done);
	assert_true(done[0] && done[1] && done[2]);
	assert_int_equal(told[2].base, 0);
	assert_false(told[2].changed);
	assert_int_equal(told[1].base, 3);
	assert_int_equal(told[1].n_changed, 1);
	assert_int_equal(told[0].base, 2);
	assert_true(told[0].changed);
	free_told(told, 3);
	/* the base is not wanted: all may be new; twice wanted is once told */
	told = sweep_all(packs, ends, 3, 2, done);
	assert_true(done[0] && done[1] && !done[2]);
	assert_int_equal(told[1].base, 0);
	assert_false(told[1].changed);
	free_told(told, 3);
	pack_free(packs);
}

/* A chain of `n`, and as many that stand all upon its first. */
static void many_deltas(size_t n, unsigned threads, bool here)
{
	git_oid *oids = malloc((2 * n + 1) * sizeof(*oids));
	bool *done = malloc(2 * n + 1);
	struct packs *packs;
	struct err err = { 0 };
	struct told *told;
	char delta[] = "\010\010" "\220\006" "\002..";
	size_t chain = 0;

	pack_world_begin(&world);
	pack_world_add(&world, GIT_OBJECT_BLOB, "numbers:", 8);
	for (size_t i = 1; i <= 2 * n; i++) {
		delta[5] = (char)('0' + i / 64 % 64);
		delta[6] = (char)('0' + i % 64);
		if (i <= n)
			chain = pack_world_add_offset(&world, chain, delta, 7);
		else
			pack_world_add_offset(&world, 0, delta, 7);
	}
	pack_world_finish(&world);
	pack_world_save(&world, "pack-1");
	for (size_t i = 0; i <= 2 * n; i++)
		oids[i] = pack_world_name(2 * n - i);
	assert_int_equal(pack_open(world.folder, LIMIT, &packs, &err), 0);
	told = sweep_all(packs, oids, 2 * n + 1, threads, done);
	for (size_t i = 0; i < 2 * n; i++) {
		assert_true(done[i]);
		assert_false(told[i].wrong);
		assert_int_equal(told[i].data[7], '0' + (2 * n - i) % 64);
	}
	free_told(told, 2 * n + 1);
	/* the deepest, alone */
	told = sweep_all(packs, &oids[n], 1, 1, done);
	assert_int_equal(done[0], here);
	free_told(told, 1);
	pack_free(packs);
	free(oids);
	free(done);
}

static void reads_deep_and_wide_families(void **state)
{
	(void)state;
	many_deltas(250, 1, true);
	many_deltas(1000, 3, true);
	many_deltas(PACK_DEPTH_MAX, 1, true);
	many_deltas(PACK_DEPTH_MAX + 1, 1, false);
}

/* ---- what changed ---- */

static uint32_t dice(uint32_t below)
{
	static uint64_t seed = 42;

	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

/* A random delta, and from where in the base each byte of its result comes
 * (-1: from the delta). */
struct random_delta {
	uint8_t delta[8192];
	size_t len;
	int from[4096];
	size_t n;
};

static void add_copy(struct random_delta *d, size_t offset, size_t size)
{
	d->delta[d->len++] = 0x80 | 1 | 2 | 0x10 | 0x20;
	d->delta[d->len++] = offset & 0xff;
	d->delta[d->len++] = (uint8_t)(offset >> 8);
	d->delta[d->len++] = size & 0xff;
	d->delta[d->len++] = (uint8_t)(size >> 8);
	for (size_t i = 0; i < size; i++)
		d->from[d->n++] = (int)(offset + i);
}

static void add_insert(struct random_delta *d, size_t size)
{
	d->delta[d->len++] = (uint8_t)size;
	for (size_t i = 0; i < size; i++) {
		d->delta[d->len++] = (uint8_t)('A' + dice(26));
		d->from[d->n++] = -1;
	}
}

static void make_random(struct random_delta *d, size_t base_len)
{
	size_t next = 0, header;
	uint8_t body[8192];

	d->len = d->n = 0;
	for (uint32_t ops = 1 + dice(12); ops; ops--) {
		size_t offset = dice(3) ? next : dice((uint32_t)base_len), size;

		if (dice(3) == 0) {
			add_insert(d, 1 + dice(40));
			continue;
		}
		size = base_len - offset;
		if (size == 0)
			continue;
		size = dice(4) ? 1 + dice((uint32_t)(size < 90 ? size : 90)) : size;
		add_copy(d, offset, size);
		next = offset + size;
	}
	memcpy(body, d->delta, d->len);
	header = 0;
	d->delta[header++] = (uint8_t)(0x80 | (base_len & 0x7f));
	d->delta[header++] = (uint8_t)(base_len >> 7);
	d->delta[header++] = (uint8_t)(0x80 | (d->n & 0x7f));
	d->delta[header++] = (uint8_t)(d->n >> 7);
	memcpy(d->delta + header, body, d->len);
	d->len += header;
}

static bool in_span(const struct delta_spans *s, size_t at)
{
	for (size_t i = 0; i < s->n; i++)
		if (at >= s->v[i].offset && at < s->v[i].offset + s->v[i].len)
			return true;
	return false;
}

static bool touches_span(const struct delta_spans *s, size_t at)
{
	for (size_t i = 0; i < s->n; i++)
		if (at >= s->v[i].offset && at <= s->v[i].offset + s->v[i].len)
			return true;
	return false;
}

/* Between two bytes of the result (or its ends) lies a change exactly when they
 * are not neighbours in the base. */
static void tells_what_changed(void **state)
{
	static struct random_delta d;
	struct delta_spans spans = { .max = 4096 };
	char base[300 + DELTA_SLACK], result[4096 + DELTA_SLACK];

	(void)state;
	for (size_t i = 0; i < sizeof(base); i++)
		base[i] = (char)('a' + dice(26));
	for (size_t round = 0; round < 4000; round++) {
		size_t base_len = 1 + dice(300);

		make_random(&d, base_len);
		assert_true(delta_apply(d.delta, d.len, base, base_len, result, d.n, &spans));
		assert_false(spans.failed);
		for (size_t i = 0; i <= d.n; i++) {
			int before = i ? d.from[i - 1] : -2, at = i < d.n ? d.from[i] : -2;
			bool torn = before == -1 || at == -1 ||
				    (before == -2 ? 0 : before + 1) != (at == -2 ? (int)base_len : at);

			if (i < d.n)
				assert_int_equal(in_span(&spans, i), d.from[i] == -1);
			if (i < d.n && d.from[i] >= 0)
				assert_int_equal(result[i], base[d.from[i]]);
			if (d.n)
				assert_int_equal(touches_span(&spans, i), torn);
		}
		for (size_t i = 1; i < spans.n; i++)
			assert_true(spans.v[i].offset > spans.v[i - 1].offset + spans.v[i - 1].len);
	}
	delta_free_spans(&spans);
}

static void gives_up_on_too_many_changes(void **state)
{
	struct delta_spans spans = { .max = 2 };
	char result[64];
	/* "ab" -> "b-a-b": a seam, two inserts, seams in them */
	static const uint8_t delta[] = { 2, 5, 0x91, 1, 1, 1, '-', 0x90, 1, 1, '-', 0x91, 1, 1 };
	static const char base[2 + DELTA_SLACK] = "ab";

	(void)state;
	assert_true(delta_apply(delta, sizeof(delta), base, 2, result, 5, &spans));
	assert_true(spans.failed);
	assert_memory_equal(result, "b-a-b", 5);
	spans.max = 3;
	assert_true(delta_apply(delta, sizeof(delta), base, 2, result, 5, &spans));
	assert_false(spans.failed);
	assert_int_equal(spans.n, 3);
	assert_int_equal(spans.v[0].len, 0);
	delta_free_spans(&spans);
}

/* ---- for tests/e2e/pack-agrees.t ---- */

static void print(const git_oid *oid, git_object_t type, const char *data, size_t len)
{
	printf("%s %s %zu\n", git_oid_tostr_s(oid), git_object_type2string(type), len);
	fwrite(data, 1, len, stdout);
	putchar('\n');
}

static void print_read(struct packs *packs, const git_oid *oids, size_t n)
{
	struct pack_reader *reader;
	struct pack_object o;
	struct err err;

	if (pack_reader_open(packs, PACK_CACHE_MAX, &reader, &err) < 0)
		exit(1);
	for (size_t i = 0; i < n; i++) {
		if (pack_read(reader, &oids[i], &o))
			print(&oids[i], o.type, o.data, o.len);
		else
			printf("%s missing\n", git_oid_tostr_s(&oids[i]));
	}
	pack_reader_free(reader);
}

static void print_sweep(struct packs *packs, const git_oid *oids, size_t n)
{
	bool *done = malloc(n + 1);
	struct told *told = sweep_all(packs, oids, n, 3, done);
	size_t deltas = 0;

	for (size_t i = 0; i < n; i++) {
		if (done[i])
			print(&oids[i], told[i].type, told[i].data, told[i].len);
		else
			printf("%s missing\n", git_oid_tostr_s(&oids[i]));
		deltas += told[i].changed;
		if (told[i].wrong || told[i].times != done[i])
			exit(1);
	}
	fprintf(stderr, "%zu deltas\n", deltas);
	free_told(told, n);
	free(done);
}

static int compare(const char *how, const char *folder)
{
	size_t n = 0, cap = 1 << 20;
	git_oid *oids = malloc(cap * sizeof(*oids));
	struct packs *packs;
	struct err err;
	char line[128];

	git_libgit2_init();
	while (oids && n < cap && fgets(line, sizeof(line), stdin))
		if (git_oid_fromstrn(&oids[n], line, GIT_OID_HEXSZ) == 0)
			n++;
	if (!oids || pack_open(folder, PACK_OBJECT_MAX, &packs, &err) < 0)
		return 1;
	(strcmp(how, "read") == 0 ? print_read : print_sweep)(packs, oids, n);
	pack_free(packs);
	free(oids);
	git_libgit2_shutdown();
	return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_chains),
		cmocka_unit_test(reads_bases_named_before_they_come),
		cmocka_unit_test(leaves_what_hangs_in_the_air),
		cmocka_unit_test(leaves_broken_entries),
		cmocka_unit_test(leaves_broken_deltas),
		cmocka_unit_test(leaves_other_files),
		cmocka_unit_test(tells_nothing_wrong_of_changed_bytes),
		cmocka_unit_test(reads_several_packs_and_alternates),
		cmocka_unit_test(reads_what_was_taken_away_since),
		cmocka_unit_test(ends_when_told_to),
		cmocka_unit_test(tells_bases),
		cmocka_unit_test(reads_deep_and_wide_families),
		cmocka_unit_test(tells_what_changed),
		cmocka_unit_test(gives_up_on_too_many_changes),
	};

	if (argc == 3)
		return compare(argv[1], argv[2]);
	return cmocka_run_group_tests(tests, open_world, close_world);
}
