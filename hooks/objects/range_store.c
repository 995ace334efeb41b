#include "range_store.h"
#include "range_repo.h"

#include <stdlib.h>
#include <string.h>

enum {
	BUCKETS = 1 << 14,
	FEW = 256,			/* objects; after them the packs are opened */
	READER_CACHE = 32 << 20,	/* bytes of bases of deltas */
	PARENT_LINE = 48,		/* "parent ", 40 hex, a newline */
};

struct range_store {
	git_repository *repo;
	git_odb *odb;
	struct packs *packs;
	struct pack_reader *reader;
	struct range_text *bucket[BUCKETS];
	struct range_text *oldest, *newest;
	size_t bytes, reads;
};

int range_store_open(git_repository *repo, struct range_store **out, struct err *err)
{
	struct range_store *s = calloc(1, sizeof(*s));

	if (!s)
		return err_set(err, ERR_INTERNAL, "no memory for the objects");
	s->repo = repo;
	if (git_repository_odb(&s->odb, repo) < 0) {
		free(s);
		return range_repo_error(err, "cannot open the objects");
	}
	*out = s;
	return 0;
}

void range_store_drop(struct range_text *text)
{
	if (text && --text->holders == 0)
		free(text);
}

static struct range_text **bucket_of(struct range_store *s, const git_oid *oid)
{
	size_t at;

	memcpy(&at, oid->id, sizeof(at));
	return &s->bucket[at & (BUCKETS - 1)];
}

static void forget_oldest(struct range_store *s)
{
	struct range_text *text = s->oldest;
	struct range_text **at = bucket_of(s, &text->oid);

	while (*at != text)
		at = &(*at)->chain;
	*at = text->chain;
	s->oldest = text->later;
	if (!s->oldest)
		s->newest = NULL;
	s->bytes -= text->len;
	range_store_drop(text);
}

void range_store_free(struct range_store *s)
{
	if (!s)
		return;
	while (s->oldest)
		forget_oldest(s);
	pack_reader_free(s->reader);
	pack_free(s->packs);
	git_odb_free(s->odb);
	free(s);
}

int range_store_packs(struct range_store *s, struct packs **out, struct err *err)
{
	if (!s->packs && pack_open_of(s->repo, PACK_OBJECT_MAX, &s->packs, err) < 0)
		return -1;
	*out = s->packs;
	return 0;
}

static struct range_text *copy(const git_oid *oid, git_object_t type, const void *data, size_t len)
{
	struct range_text *text = malloc(sizeof(*text) + len + 1);

	if (!text)
		return NULL;
	*text = (struct range_text){ .oid = *oid, .type = type, .holders = 1, .len = len };
	memcpy(text->data, data, len);
	text->data[len] = '\0';
	return text;
}

static bool has_reader(struct range_store *s, struct err *err)
{
	struct packs *packs;

	if (s->reader || ++s->reads < FEW)
		return s->reader;
	return range_store_packs(s, &packs, err) == 0 &&
	       pack_reader_open(packs, READER_CACHE, &s->reader, err) == 0;
}

static int read_text(struct range_store *s, const git_oid *oid, struct range_text **out,
		     struct err *err)
{
	struct pack_object packed;
	git_odb_object *object = NULL;
	struct err ignored;
	int rc;

	*out = NULL;
	if (has_reader(s, &ignored) && pack_read(s->reader, oid, &packed)) {
		*out = copy(oid, packed.type, packed.data, packed.len);
	} else {
		rc = git_odb_read(&object, s->odb, oid);
		if (rc == GIT_ENOTFOUND)
			return 0;
		if (rc < 0)
			return range_repo_error(err, "object %s cannot be read",
						git_oid_tostr_s(oid));
		*out = copy(oid, git_odb_object_type(object), git_odb_object_data(object),
			    git_odb_object_size(object));
		git_odb_object_free(object);
	}
	return *out ? 0 : err_set(err, ERR_INTERNAL, "no memory for the objects");
}

static void keep(struct range_store *s, struct range_text *text)
{
	struct range_text **bucket = bucket_of(s, &text->oid);

	if (text->len > RANGE_STORE_MAX / 4)
		return;
	while (s->oldest && s->bytes + text->len > RANGE_STORE_MAX)
		forget_oldest(s);
	text->holders++;
	text->chain = *bucket;
	*bucket = text;
	if (s->newest)
		s->newest->later = text;
	else
		s->oldest = text;
	s->newest = text;
	s->bytes += text->len;
}

int range_store_get(struct range_store *s, const git_oid *oid, struct range_text **out,
		    struct err *err)
{
	for (struct range_text *text = *bucket_of(s, oid); text; text = text->chain) {
		if (git_oid_equal(&text->oid, oid)) {
			text->holders++;
			*out = text;
			return 0;
		}
	}
	if (read_text(s, oid, out, err) < 0)
		return -1;
	if (*out)
		keep(s, *out);
	return 0;
}

bool range_store_commit(const struct range_text *text, struct range_commit *out)
{
	static const char tree[] = "tree ", parent[] = "parent ";
	const char *p = text->data;

	if (text->type != GIT_OBJECT_COMMIT || strncmp(p, tree, strlen(tree)) != 0 ||
	    git_oid_fromstrn(&out->tree, p + strlen(tree), GIT_OID_HEXSZ) < 0)
		return false;
	p += strlen(tree) + GIT_OID_HEXSZ;
	if (*p++ != '\n')
		return false;
	out->parents = p;
	for (out->n = 0; strncmp(p, parent, strlen(parent)) == 0; out->n++) {
		git_oid oid;

		if (git_oid_fromstrn(&oid, p + strlen(parent), GIT_OID_HEXSZ) < 0 ||
		    p[PARENT_LINE - 1] != '\n')
			return false;
		p += PARENT_LINE;
	}
	return true;
}

void range_store_parent(const struct range_commit *commit, size_t i, git_oid *out)
{
	git_oid_fromstrn(out, commit->parents + i * PARENT_LINE + strlen("parent "), GIT_OID_HEXSZ);
}
