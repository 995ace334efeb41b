#include "check.h"

#include <fnmatch.h>
#include <string.h>

/* In the order in which a push is told of them. */
const struct check check_table[] = {
	{ "secrets", CHECK_PUSH, NULL, check_secrets_refs },
	{ "secrets", CHECK_COMMIT, NULL, check_secrets },
	{ "secrets", CHECK_TAG, NULL, check_secrets },
	{ "secrets", CHECK_NAME, NULL, check_secrets },
	{ "secrets", CHECK_SIZE, NULL, check_secrets_size },
	{ "secrets", CHECK_BLOB, NULL, check_secrets },
	{ "size", CHECK_PUSH, NULL, check_size_refs },
	{ "size", CHECK_NAME, NULL, check_size_path },
	{ "size", CHECK_SIZE, NULL, check_size_file },
	{ "training-job", CHECK_FILE, "training-job.json", check_spec_training_job },
	{ "model", CHECK_FILE, "model.json", check_spec_model },
	{ "buildspec", CHECK_FILE, "buildspec.yml", check_buildspec },
	{ "buildspec", CHECK_FILE, "@(buildspec.yaml|buildspec[-_.]*.yml|buildspec[-_.]*.yaml|"
				   "*[-_.]buildspec.yml|*[-_.]buildspec.yaml)", check_buildspec },
	{ "container", CHECK_TIP, NULL, check_container },
	{ "remote", CHECK_PUSH, NULL, check_remote },
	{ NULL, CHECK_PUSH, NULL, NULL },
};

static bool chosen(const struct check_run *run, const struct check *check)
{
	if (!run->types || run->types->n == 0)
		return true;
	for (size_t i = 0; i < run->types->n; i++)
		if (strcmp(run->types->v[i], check->type) == 0)
			return true;
	return false;
}

int check_known_type(const char *type, struct err *err)
{
	const char *last = "";

	for (const struct check *c = check_table; c->type; c++)
		if (strcmp(c->type, type) == 0)
			return 0;
	err_set(err, ERR_USAGE, "no check is called \"%s\"; there are", type);
	for (const struct check *c = check_table; c->type; c++) {
		if (strcmp(c->type, last) != 0)
			err_suffix(err, " %s", c->type);
		last = c->type;
	}
	return -1;
}

int check_takes_files(const char *type, struct err *err)
{
	for (const struct check *c = check_table; c->type; c++)
		if (strcmp(c->type, type) == 0 && c->subject != CHECK_PUSH && c->subject != CHECK_TIP)
			return 0;
	return err_set(err, ERR_USAGE, "%s looks at commits; leave the files out", type);
}

bool check_wants(const struct check_run *run, enum check_subject subject)
{
	for (const struct check *c = check_table; c->type; c++)
		if (c->subject == subject && chosen(run, c))
			return true;
	return false;
}

void check_types(const struct check_run *run, bool files, const char *out[REPORT_CHECKS_MAX])
{
	struct err ignored;
	size_t n = 0;

	for (const struct check *c = check_table; c->type; c++) {
		bool repeated = n > 0 && strcmp(out[n - 1], c->type) == 0;

		if (!repeated && n < REPORT_CHECKS_MAX - 1 && chosen(run, c) &&
		    (!files || check_takes_files(c->type, &ignored) == 0))
			out[n++] = c->type;
	}
	out[n] = NULL;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool check_is_file(const struct check *check, const char *path)
{
	const char *base = base_name(path);
	size_t len = strlen(base);

	if (*check->file != '@')
		return strcmp(check->file, base) == 0;
	/* most names end otherwise */
	return len > 2 && memcmp(base + len - 2, "ml", 2) == 0 &&
	       fnmatch(check->file, base, FNM_EXTMATCH) == 0;
}

int check_item(struct check_run *run, const struct check_item *item, struct err *err)
{
	bool any_name = item->named && run->types && run->types->n == 1;

	for (const struct check *c = check_table; c->type; c++) {
		if (c->subject != item->subject || !chosen(run, c))
			continue;
		if (c->file && !any_name && !check_is_file(c, item->path))
			continue;
		if (c->fn(run, item, err) < 0)
			return -1;
		if (c->file && any_name)
			return 0;
	}
	return 0;
}
