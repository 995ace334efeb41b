/* What a build leaves behind: artifacts, reports, the cache. */
#include "buildspec_read.h"

#include <string.h>

static void file_format(struct bspec *b, const struct yml_node *value, void *to)
{
	static const char *const formats[] = {
		"CUCUMBERJSON", "JUNITXML", "NUNITXML", "NUNIT3XML", "TESTNGXML", "VISUALSTUDIOTRX",
		"CLOVERXML", "COBERTURAXML", "JACOCOXML", "SIMPLECOV", NULL,
	};
	const char *known;

	if (!bspec_want(b, value, YML_SCALAR))
		return;
	known = bspec_one_of(b, value, "report format", formats);
	if (known)
		*(const char **)to = known;
}

static void discard_paths(struct bspec *b, const struct yml_node *value, void *to)
{
	bspec_flag(b, value, to);
}

static void base_directory(struct bspec *b, const struct yml_node *value, void *to)
{
	bspec_string(b, value, to);
	if (value->kind == YML_SCALAR && value->len == 0)
		bspec_error(b, "buildspec-value", value, "leave the key out",
			    "a base directory without a name");
}

static struct buildspec_files *add_files(struct bspec *b, struct buildspec_files **list, size_t *n,
					 const char *name)
{
	struct buildspec_files *v = bspec_append(b, *list, n, sizeof(*v));

	if (!v)
		return NULL;
	*list = v;
	v[*n - 1] = (struct buildspec_files){ .name = name };
	return &v[*n - 1];
}

static bool absent(const struct yml_node *map, const char *key)
{
	const struct yml_node *v = yml_get(map, key);

	return !v || yml_is_null(v) || (v->kind == YML_SEQUENCE && v->n == 0);
}

static void need_files(struct bspec *b, const struct yml_node *map, const char *what)
{
	if (map->kind == YML_MAPPING && absent(map, "files"))
		bspec_error(b, "buildspec-files-missing", map, "add files: and a list of paths",
			    "%s has no files", what);
}

static const char *name_of(struct bspec *b, const struct yml_node *key)
{
	const char *copy = bspec_copy(b, key);

	return copy ? copy : "";
}

static void secondary(struct bspec *b, const struct yml_node *value, void *to);

static const struct bspec_key artifact_keys[] = {
	{ "files", bspec_strings, offsetof(struct buildspec_files, files) },
	{ "exclude-paths", bspec_strings, offsetof(struct buildspec_files, exclude) },
	{ "base-directory", base_directory, offsetof(struct buildspec_files, base_directory) },
	{ "discard-paths", discard_paths, offsetof(struct buildspec_files, discard_paths) },
	{ "name", bspec_string, offsetof(struct buildspec_files, artifact) },
	{ "enable-symlinks", bspec_flag, offsetof(struct buildspec_files, symlinks) },
	{ "s3-prefix", bspec_string_only, 0 },
	{ "type", bspec_string_only, 0 },
	{ "secondary-artifacts", secondary, 0 },
	{ NULL, NULL, 0 },
};

/* Read beside the list, which moves when it grows. */
static void artifact(struct bspec *b, const struct yml_node *value, const char *name,
		     const char *what)
{
	struct buildspec_files read = { .name = name }, *slot;

	bspec_map(b, value, what, artifact_keys, &read);
	slot = add_files(b, &b->spec->artifacts, &b->spec->n_artifacts, name);
	if (slot)
		*slot = read;
}

static void secondary(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	if (!bspec_want(b, value, YML_MAPPING))
		return;
	for (size_t i = 0; i < value->n && !b->no_memory; i++) {
		const struct yml_node *key = value->items[i].key, *map = value->items[i].value;
		size_t length = bspec_enter(b, key->text);

		if (yml_get(map, "secondary-artifacts"))
			bspec_error(b, "buildspec-type", map, NULL,
				    "secondary artifacts have none of their own");
		else
			artifact(b, map, name_of(b, key), "a secondary artifact");
		need_files(b, map, "a secondary artifact");
		bspec_leave(b, length);
	}
}

void bspec_artifacts(struct bspec *b, const struct yml_node *value, void *to)
{
	const struct yml_node *others = yml_get(value, "secondary-artifacts");

	(void)to;
	if (!others || yml_is_null(others))
		need_files(b, value, "artifacts");
	artifact(b, value, "", "artifacts");
}

void bspec_reports(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "files", bspec_strings, offsetof(struct buildspec_files, files) },
		{ "base-directory", base_directory, offsetof(struct buildspec_files, base_directory) },
		{ "discard-paths", discard_paths, offsetof(struct buildspec_files, discard_paths) },
		{ "file-format", file_format, offsetof(struct buildspec_files, format) },
		{ NULL, NULL, 0 },
	};

	(void)to;
	if (!bspec_want(b, value, YML_MAPPING))
		return;
	for (size_t i = 0; i < value->n && !b->no_memory; i++) {
		const struct yml_node *key = value->items[i].key, *map = value->items[i].value;
		size_t length = bspec_enter(b, key->text);
		struct buildspec_files *f = add_files(b, &b->spec->reports, &b->spec->n_reports,
						      name_of(b, key));

		if (f) {
			f->format = "JUNITXML";
			bspec_map(b, map, "a report group", keys, f);
			need_files(b, map, "a report group");
		}
		bspec_leave(b, length);
	}
}

static void cache_action(struct bspec *b, const struct yml_node *value, void *to)
{
	static const char *const actions[] = { "restore", "save", NULL };

	(void)to;
	if (bspec_want(b, value, YML_SCALAR))
		bspec_one_of(b, value, "cache action", actions);
}

void bspec_cache(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "key", bspec_string_only, 0 },
		{ "fallback-keys", bspec_strings_only, 0 },
		{ "action", cache_action, 0 },
		{ "paths", bspec_strings_only, 0 },
		{ NULL, NULL, 0 },
	};

	b->spec->has_cache = true;
	bspec_map(b, value, "cache", keys, to);
	if (!b->refused && value->kind == YML_MAPPING && value->n > 0 && absent(value, "paths"))
		bspec_warn(b, "buildspec-cache", value, "add paths: and a list",
			   "a cache without paths keeps nothing");
}
