/*
 * Packs of any entries, deltas and bases, then with some bytes changed: both
 * readers end, say the same, and tell changes that are true.
 */
#include "tests/unit/pack_world.h"

enum { ENTRIES_MAX = 48, LIMIT = 1 << 16, BLOB = 0, NEAR = 1, FAR = 2, NAMED = 3, OTHER = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *p, *end;
};

static unsigned byte(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static struct input bytes(struct input *in)
{
	size_t n = byte(in), left = (size_t)(in->end - in->p);
	struct input out = { in->p, in->p + (n < left ? n : left) };

	in->p = out.end;
	return out;
}

/* One entry: its kind, its base, its bytes. */
static void add(struct pack_world *w, struct input *in)
{
	unsigned kind = byte(in) % 5, base = byte(in);
	struct input content = bytes(in);
	size_t len = (size_t)(content.end - content.p);
	git_oid name = pack_world_name(base % ENTRIES_MAX);

	switch (kind == NEAR && w->n == 0 ? BLOB : kind) {
	case NEAR:
		pack_world_add_offset(w, w->n - 1 - base % w->n, content.p, len);
		break;
	case FAR:
		pack_world_add_far(w, base, content.p, len);
		break;
	case NAMED:
		pack_world_add_reference(w, &name, content.p, len);
		break;
	case OTHER:
		pack_world_add_raw(w, base % 8, len + base / 8 % 3, &name, base >> 6, content.p, len);
		break;
	default:
		pack_world_add(w, GIT_OBJECT_BLOB, content.p, len);
	}
}

/* What the sweep told. */
struct told {
	char *data;
	size_t len;
	bool twice;
};

static int tell(void *arg, const struct sweep_object *o, int *state, struct err *err)
{
	struct told *t = (struct told *)arg + o->index, *base = (struct told *)arg + o->base - 1;

	(void)err;
	if (t->data || o->len > LIMIT)
		abort();
	t->data = malloc(o->len + 1);
	memcpy(t->data, o->data, o->len);
	t->len = o->len;
	if (o->changed && (!o->base || !pack_world_changes_hold(o, base->data, base->len)))
		abort();
	*state = (int)o->index + 1;
	return 0;
}

static void read_all(const struct pack_world *w, bool changed)
{
	struct told told[ENTRIES_MAX] = { 0 };
	void *args[1] = { told };
	bool done[ENTRIES_MAX];
	git_oid oids[ENTRIES_MAX];
	struct pack_reader *reader;
	struct pack_object o;
	struct packs *packs;
	struct err err;

	for (size_t i = 0; i < w->n; i++)
		oids[i] = w->v[i].oid;
	if (pack_open(w->folder, LIMIT, &packs, &err) < 0 ||
	    pack_reader_open(packs, 1 << 14, &reader, &err) < 0 ||
	    sweep(packs, oids, w->n, 1, tell, args, 0, done, &err) < 0)
		abort();
	for (size_t i = 0; i < w->n; i++) {
		bool here = pack_read(reader, &oids[i], &o);

		if (done[i] != (told[i].data != NULL))
			abort();
		if (here && o.len > LIMIT)
			abort();
		if (!changed && (here != done[i] || (here && (o.len != told[i].len ||
							     memcmp(o.data, told[i].data, o.len) != 0))))
			abort();
		free(told[i].data);
	}
	pack_reader_free(reader);
	pack_free(packs);
}

/* A place and what to do with it. */
static void change(struct buf *b, struct input *in)
{
	size_t at = byte(in) << 8 | byte(in);
	unsigned x = byte(in);

	if (b->len)
		b->data[at % b->len] = (char)((unsigned char)b->data[at % b->len] ^ x);
}

static struct pack_world world;

static void remove_world(void)
{
	pack_world_close(&world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	unsigned changes = byte(&in) % 4, cut = byte(&in);
	struct input patches = { in.p, in.p };

	if (!world.deflate) {
		pack_world_open(&world);
		atexit(remove_world);
	}
	if (changes && size > 32) {
		patches.p = in.end - 4 * changes;
		patches.end = in.end;
		in.end = patches.p;
	}
	pack_world_begin(&world);
	while (in.p < in.end && world.n < ENTRIES_MAX)
		add(&world, &in);
	pack_world_finish(&world);
	while (patches.p < patches.end)
		change(byte(&patches) % 2 ? &world.index : &world.pack, &patches);
	if (changes == 3)
		world.pack.len -= cut % world.pack.len;
	pack_world_save(&world, "pack-1");
	read_all(&world, changes != 0);
	return 0;
}
