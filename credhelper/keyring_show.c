#include "credentials_print.h"
#include "keyring.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/term.h"
#include "lib/spec/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- list ---------------------------------------------------------------------------- */

static int by_profile(const void *a, const void *b)
{
	const struct keyring_item *const *x = a, *const *y = b;
	int order = strcmp((*x)->profile, (*y)->profile);

	return order ? order : strcmp((*y)->kind, (*x)->kind);
}

static bool add_row(cJSON *rows, const struct keyring_item *item)
{
	cJSON *row = cJSON_CreateObject();
	char name[CREDS_SECRET_MAX + 1], created[CLOCK_EXTENDED_LEN], modified[CLOCK_EXTENDED_LEN];
	bool git = strcmp(item->kind, KEYRING_GIT) == 0;

	keyring_text_name(item, name, sizeof(name));
	clock_extended(item->created, created);
	clock_extended(item->modified, modified);
	if (json_set_string(row, "profile", item->profile) == 0 &&
	    json_set_string(row, "kind", item->kind) == 0 &&
	    json_set_string(row, git ? "username" : "access_key_id", name) == 0 &&
	    json_set_string(row, "created", created) == 0 &&
	    json_set_string(row, "modified", modified) == 0 &&
	    json_set_string(row, "keyring", item->where) == 0)
		return cJSON_AddItemToArray(rows, row);
	json_free(row);
	return false;
}

static int as_json(const struct keyring_item *const *items, size_t n, struct err *err)
{
	struct buf out = BUF_INIT(1 << 20);
	cJSON *tree = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(tree, "entries");
	bool whole = rows != NULL;
	int rc;

	for (size_t i = 0; i < n && whole; i++)
		whole = add_row(rows, items[i]);
	rc = whole ? json_print(tree, true, &out, err) : err_set(err, ERR_INTERNAL, "no memory");
	json_free(tree);
	if (rc == 0)
		puts(buf_str(&out));
	buf_free(&out);
	return rc;
}

/* Other programs write into the keyring too, and a terminal obeys what it is shown. */
static void put_cell(const char *text, size_t width)
{
	term_safe(stdout, text, strlen(text));
	printf("%*s ", strlen(text) < width ? (int)(width - strlen(text)) : 0, "");
}

static int as_table(const struct keyring_item *const *items, size_t n)
{
	char name[CREDS_SECRET_MAX + 1], modified[CLOCK_EXTENDED_LEN];

	if (n == 0)
		term_note(keyring_program, "nothing is stored; see codetrain keyring store --help");
	else
		printf("%-20s %-5s %-24s %-20s %s\n", "PROFILE", "KIND", "KEY OR USER", "STORED",
		       "KEYRING");
	for (size_t i = 0; i < n; i++) {
		keyring_text_name(items[i], name, sizeof(name));
		clock_extended(items[i]->modified, modified);
		put_cell(items[i]->profile, 20);
		put_cell(items[i]->kind, 5);
		put_cell(name, 24);
		put_cell(modified, 20);
		term_safe(stdout, items[i]->where, strlen(items[i]->where));
		putchar('\n');
	}
	return 0;
}

int keyring_list(struct keyring *k, struct err *err)
{
	const struct keyring_item *items, **sorted;
	size_t n;
	int rc;

	if (keyring_service_find(k->service, NULL, k->profile, &items, &n, err) < 0)
		return -1;
	sorted = calloc(n + 1, sizeof(*sorted));
	if (!sorted)
		return err_set(err, ERR_INTERNAL, "no memory for the list");
	for (size_t i = 0; i < n; i++)
		sorted[i] = &items[i];
	qsort(sorted, n, sizeof(*sorted), by_profile);
	rc = k->json ? as_json(sorted, n, err) : as_table(sorted, n);
	free(sorted);
	return rc;
}

/* ---- get ----------------------------------------------------------------------------- */

/* Not by stdio, whose buffer nobody wipes. */
static int write_out(const struct buf *text, struct err *err)
{
	if (isatty(STDOUT_FILENO))
		term_warning(keyring_program, "a secret is about to be shown; programs read it from a "
			     "pipe");
	return file_write_fd(STDOUT_FILENO, buf_str(text), text->len, "standard output", err);
}

static int get_keys(const struct keyring *k, const struct keyring_item *item, struct err *err)
{
	struct buf text = BUF_INIT_SECRET(CREDENTIALS_PRINT_MAX);
	struct creds *c = creds_new(err);
	const struct credentials_print p = { c, "", k->profile };
	int rc = -1;

	if (c && creds_read_lines(buf_str(&item->text), c, err) == 0) {
		snprintf(c->source, sizeof(c->source), "profile \"%.100s\" in the keyring", k->profile);
		if (credentials_print_find(k->format)(&p, &text, err) == 0)
			rc = write_out(&text, err);
	}
	creds_free(c);
	buf_free(&text);
	return rc;
}

int keyring_get(struct keyring *k, struct err *err)
{
	const struct keyring_item *items;
	size_t n;

	if (keyring_service_find(k->service, k->kind, k->profile, &items, &n, err) < 0)
		return err_prefix(err, "no %s for profile \"%s\": ", keyring_text_kind(k->kind),
				  k->profile);
	if (n == 0)
		return err_set(err, ERR_ACCESS, "the keyring has no %s of profile \"%s\"; run codetrain "
			       "keyring store --profile %s%s", keyring_text_kind(k->kind), k->profile,
			       k->profile, k->git ? " --git" : "");
	return k->git ? write_out(&items[0].text, err) : get_keys(k, &items[0], err);
}
