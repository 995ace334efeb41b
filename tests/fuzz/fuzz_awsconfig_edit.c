/* Edits of a config file: what is parsed afterwards is what was meant, and what
 * is set is taken out again by its twin. The first byte chooses the edit. */
#include "lib/aws/awsconfig_edit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const profiles[] = { "default", "p", "a b", "x\"y" };

static const struct awsconfig_change sets[][3] = {
	{ { "region", "us-east-2" } },
	{ { "a", "1" }, { "credential_process", "'/a b' get --profile p" } },
	{ { "a", NULL }, { "region", "x" } },
};
static const struct awsconfig_change unsets[][3] = {
	{ { "region", NULL } },
	{ { "a", NULL }, { "credential_process", NULL } },
	{ { "a", NULL }, { "region", NULL } },
};

/* The last value of a property without a parent, in the sections of the profile. */
static const char *value(const struct awsconfig_tables *t, const char *profile, const char *name)
{
	const char *found = NULL;
	bool full = false;

	for (size_t i = 0; i < t->section_count; i++)
		full |= t->sections[i].kind == AWSCONFIG_PROFILE && !t->sections[i].plain_default &&
			strcmp(t->sections[i].name, "default") == 0 &&
			t->sections[i].file == AWSCONFIG_CONFIG;
	for (size_t i = 0; i < t->entry_count; i++) {
		const struct awsconfig_section *s = &t->sections[t->entries[i].section];

		if (s->kind == AWSCONFIG_PROFILE && strcmp(s->name, profile) == 0 &&
		    !(full && s->plain_default) && !t->entries[i].parent &&
		    strcmp(t->entries[i].key, name) == 0)
			found = t->entries[i].value;
	}
	return found;
}

static void check(enum awsconfig_file file, const struct buf *text, const char *profile,
		  const struct awsconfig_change *changes)
{
	struct awsconfig_tables t = { 0 };
	struct buf copy = BUF_INIT(AWSCONFIG_FILE_MAX);
	struct err err;

	buf_add(&copy, buf_str(text), text->len);
	if (awsconfig_parse(&t, file, "x", &copy, &err) < 0)
		abort();
	for (; changes->name; changes++) {
		const char *now = value(&t, profile, changes->name);

		if (changes->value ? !now || strcmp(now, changes->value) != 0 : now != NULL)
			abort();
	}
	free(t.sections);
	free(t.entries);
	buf_free(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf in = BUF_INIT(AWSCONFIG_FILE_MAX), once = BUF_INIT(AWSCONFIG_FILE_MAX);
	struct buf again = BUF_INIT(AWSCONFIG_FILE_MAX), back = BUF_INIT(AWSCONFIG_FILE_MAX);
	uint8_t how = size ? data[0] : 0;
	enum awsconfig_file file = how & 1 ? AWSCONFIG_CONFIG : AWSCONFIG_CREDENTIALS;
	const char *profile = profiles[how >> 1 & 3];
	const struct awsconfig_change *set = sets[(how >> 3) % 3], *unset = unsets[(how >> 3) % 3];
	struct err err;

	if (size)
		buf_add(&in, data + 1, size - 1);
	if (awsconfig_edit_text(file, "x", &in, profile, set, &once, &err) == 0) {
		check(file, &once, profile, set);
		if (awsconfig_edit_text(file, "x", &once, profile, set, &again, &err) < 0 ||
		    again.len != once.len || memcmp(again.data, once.data, once.len) != 0)
			abort();
		if (awsconfig_edit_text(file, "x", &once, profile, unset, &back, &err) < 0)
			abort();
		check(file, &back, profile, unset);
	}
	buf_free(&in);
	buf_free(&once);
	buf_free(&again);
	buf_free(&back);
	return 0;
}
