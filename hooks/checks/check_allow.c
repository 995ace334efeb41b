#include "check_allow.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { HEX = CHECK_ALLOW_LEN - 1 };

static size_t *slot(const struct check_allow *a, const char *sha256)
{
	uint64_t hash = 0;

	for (int i = 0; i < 16; i++) {
		char c = sha256[i];

		hash = hash << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
	}
	for (hash &= a->n_slots - 1; a->slots[hash]; hash = (hash + 1) & (a->n_slots - 1))
		if (strcmp(a->v[a->slots[hash] - 1].sha256, sha256) == 0)
			break;
	return &a->slots[hash];
}

static int grow(struct check_allow *a)
{
	size_t cap = a->cap ? 2 * a->cap : 64;
	struct check_allowance *v = realloc(a->v, cap * sizeof(*v));
	size_t *slots = calloc(2 * cap, sizeof(*slots));

	if (v)
		a->v = v;
	if (!v || !slots) {
		free(slots);
		return -1;
	}
	free(a->slots);
	a->slots = slots;
	a->n_slots = 2 * cap;
	a->cap = cap;
	for (size_t i = 0; i < a->n; i++)
		*slot(a, a->v[i].sha256) = i + 1;
	return 0;
}

int check_allow_add(struct check_allow *a, const char *hex, const char *name, int line,
		    struct err *err)
{
	char lower[CHECK_ALLOW_LEN] = "";
	struct check_allowance *x;
	size_t *at;

	if (!hex || strlen(hex) != HEX || strspn(hex, "0123456789abcdefABCDEF") != HEX)
		return err_set(err, ERR_USAGE, "%s:%d: sha256 wants 64 hex digits", name, line);
	for (size_t i = 0; i < HEX; i++)
		lower[i] = (char)tolower((unsigned char)hex[i]);
	if (a->n >= CHECK_ALLOW_MAX)
		return err_set(err, ERR_USAGE, "%s:%d: more than %d allowances", name, line,
			       CHECK_ALLOW_MAX);
	if (a->n == a->cap && grow(a) < 0)
		return err_set(err, ERR_INTERNAL, "no memory for the allowances");
	at = slot(a, lower);
	if (*at)
		return 0;
	x = &a->v[a->n];
	x->name = strdup(name);
	if (!x->name)
		return err_set(err, ERR_INTERNAL, "no memory for the allowances");
	memcpy(x->sha256, lower, sizeof(lower));
	x->line = line;
	atomic_init(&x->used, false);
	*at = ++a->n;
	return 0;
}

bool check_allow_has(const struct check_allow *a, const char *sha256)
{
	size_t at = a->n ? *slot(a, sha256) : 0;

	if (!at)
		return false;
	atomic_store(&a->v[at - 1].used, true);
	return true;
}

void check_allow_free(struct check_allow *a)
{
	for (size_t i = 0; i < a->n; i++)
		free(a->v[i].name);
	free(a->v);
	free(a->slots);
	*a = (struct check_allow){ 0 };
}
