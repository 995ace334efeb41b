/*
 * Batch builds: one buildspec that starts others.
 * https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build-buildspec.html
 */
#include "buildspec_read.h"

#include "lib/base/opt.h"

#include <string.h>

enum { PARALLELISM_MAX = 100, BUILDS_MAX = 100 };

static void environment_type(struct bspec *b, const struct yml_node *value, void *to)
{
	static const char *const types[] = {
		"LINUX_CONTAINER", "LINUX_GPU_CONTAINER", "ARM_CONTAINER", "WINDOWS_CONTAINER",
		"WINDOWS_SERVER_2019_CONTAINER", "WINDOWS_SERVER_2022_CONTAINER",
		"LINUX_LAMBDA_CONTAINER", "ARM_LAMBDA_CONTAINER", "LINUX_EC2", "ARM_EC2",
		"WINDOWS_EC2", "MAC_ARM", NULL,
	};

	(void)to;
	if (bspec_want(b, value, YML_SCALAR))
		bspec_one_of(b, value, "environment type", types);
}

static void one_or_several(struct bspec *b, const struct yml_node *map, void *to)
{
	(void)to;
	if (!bspec_want(b, map, YML_MAPPING))
		return;
	for (size_t i = 0; i < map->n && !b->no_memory; i++) {
		size_t length = bspec_enter(b, map->items[i].key->text);

		bspec_strings_only(b, map->items[i].value, NULL);
		bspec_leave(b, length);
	}
}

static void environment(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "compute-type", bspec_string_only, 0 }, { "fleet", bspec_string_only, 0 },
		{ "image", bspec_string_only, 0 }, { "privileged-mode", bspec_flag_only, 0 },
		{ "type", environment_type, 0 }, { "variables", bspec_batch_variables, 0 },
		{ NULL, NULL, 0 },
	};

	(void)to;
	bspec_map(b, value, "the env of a batch", keys, b->spec);
	if (yml_get(value, "compute-type") && yml_get(value, "fleet"))
		bspec_error(b, "buildspec-batch", value, "leave one of them out",
			    "compute-type and fleet exclude each other");
}

static void dynamic_environment(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "compute-type", bspec_strings_only, 0 }, { "fleet", bspec_strings_only, 0 },
		{ "image", bspec_strings_only, 0 }, { "privileged-mode", bspec_any, 0 },
		{ "type", bspec_strings_only, 0 }, { "variables", one_or_several, 0 },
		{ NULL, NULL, 0 },
	};

	bspec_map(b, value, "the env of a matrix", keys, to);
}

static const char *identifier(const struct yml_node *build)
{
	const struct yml_node *id = yml_get(build, "identifier");

	return id && id->kind == YML_SCALAR ? id->text : NULL;
}

/* The build of this name; -1 when there is none. */
static int find_build(const struct yml_node *list, const char *name)
{
	for (size_t i = 0; i < list->n && i < BUILDS_MAX; i++) {
		const char *id = identifier(list->items[i].value);

		if (id && strcmp(id, name) == 0)
			return (int)i;
	}
	return -1;
}

static void check_identifier(struct bspec *b, const struct yml_node *list, size_t index)
{
	const struct yml_node *build = list->items[index].value;
	const struct yml_node *node = yml_get(build, "identifier");
	const char *id = identifier(build);

	if (build->kind != YML_MAPPING)
		return;
	if (!node || yml_is_null(node))
		bspec_error(b, "buildspec-batch", build, "add identifier: NAME",
			    "a build of the batch has no identifier");
	else if (id && find_build(list, id) != (int)index && index < BUILDS_MAX)
		bspec_error(b, "buildspec-batch", node, "give each build a name of its own",
			    "two builds of the batch have the identifier \"%.60s\"", id);
}

/* One of the names that a build waits for. */
static void check_dependency(struct bspec *b, const struct yml_node *list, size_t index,
			     const struct yml_node *name, bool *waits)
{
	int on = name->kind == YML_SCALAR ? find_build(list, name->text) : (int)index;

	if (name->kind != YML_SCALAR)
		return;
	if (on < 0)
		bspec_error(b, "buildspec-batch", name, NULL,
			    "no build of the batch has the identifier \"%.60s\"", name->text);
	else if (on == (int)index)
		bspec_error(b, "buildspec-batch", name, NULL, "\"%.60s\" waits for itself",
			    name->text);
	else
		*waits = true;
}

static void check_dependencies(struct bspec *b, const struct yml_node *list, size_t index,
			       bool *waits)
{
	const struct yml_node *names = yml_get(list->items[index].value, "depend-on");
	size_t length = bspec_enter(b, "depend-on");

	if (names && names->kind == YML_SCALAR && !yml_is_null(names))
		check_dependency(b, list, index, names, waits);
	for (size_t i = 0; names && names->kind == YML_SEQUENCE && i < names->n; i++)
		check_dependency(b, list, index, names->items[i].value, waits);
	bspec_leave(b, length);
}

/* Whether all that a build waits for is done. */
static bool is_ready(const struct yml_node *list, size_t index, const bool *done)
{
	const struct yml_node *names = yml_get(list->items[index].value, "depend-on");
	size_t n = names && names->kind == YML_SEQUENCE ? names->n : names ? 1 : 0;

	for (size_t i = 0; i < n; i++) {
		const struct yml_node *name = names->kind == YML_SEQUENCE ? names->items[i].value
									   : names;
		int on = name->kind == YML_SCALAR ? find_build(list, name->text) : -1;

		if (on >= 0 && !done[on])
			return false;
	}
	return true;
}

/* Builds are done in rounds; when a round does nothing, the rest wait for each other. */
static void check_circle(struct bspec *b, const struct yml_node *list)
{
	bool done[BUILDS_MAX] = { false };
	bool more = true;

	while (more) {
		more = false;
		for (size_t i = 0; i < list->n; i++)
			if (!done[i] && is_ready(list, i, done))
				done[i] = more = true;
	}
	for (size_t i = 0; i < list->n; i++) {
		if (done[i])
			continue;
		bspec_error(b, "buildspec-batch", list->items[i].value, NULL,
			    "builds of the batch wait for each other, \"%.60s\" among them",
			    identifier(list->items[i].value) ? identifier(list->items[i].value) : "");
		return;
	}
}

static void builds(struct bspec *b, const struct yml_node *list, bool graph)
{
	static const struct bspec_key keys[] = {
		{ "identifier", bspec_string_only, 0 }, { "buildspec", bspec_string_only, 0 },
		{ "env", environment, 0 }, { "debug-session", bspec_flag_only, 0 },
		{ "ignore-failure", bspec_flag_only, 0 }, { "depend-on", bspec_strings_only, 0 },
		{ NULL, NULL, 0 },
	};
	bool refused = b->refused, waits = false;

	if (!bspec_want(b, list, YML_SEQUENCE))
		return;
	b->refused = false;
	for (size_t i = 0; i < list->n && !b->no_memory; i++) {
		const struct yml_node *build = list->items[i].value;
		size_t length = bspec_enter_index(b, i);

		bspec_map(b, build, "a build of the batch", keys, b->spec);
		check_identifier(b, list, i);
		if (graph)
			check_dependencies(b, list, i, &waits);
		else if (yml_get(build, "depend-on"))
			bspec_warn(b, "buildspec-batch", yml_get(build, "depend-on"),
				   "make it a build-graph",
				   "the builds of a build-list all start at once: depend-on is passed over");
		bspec_leave(b, length);
	}
	if (waits && !b->refused && list->n <= BUILDS_MAX)
		check_circle(b, list);
	b->refused = b->refused || refused;
}

static void build_list(struct bspec *b, const struct yml_node *list, void *to)
{
	(void)to;
	builds(b, list, false);
}

static void build_graph(struct bspec *b, const struct yml_node *list, void *to)
{
	(void)to;
	builds(b, list, true);
}

static void matrix_static(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "ignore-failure", bspec_flag_only, 0 }, { "debug-session", bspec_flag_only, 0 },
		{ "env", environment, 0 }, { NULL, NULL, 0 },
	};

	bspec_map(b, value, "the static part of a matrix", keys, to);
}

static void matrix_dynamic(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "buildspec", bspec_strings_only, 0 }, { "env", dynamic_environment, 0 },
		{ NULL, NULL, 0 },
	};

	bspec_map(b, value, "the dynamic part of a matrix", keys, to);
}

static void build_matrix(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "static", matrix_static, 0 }, { "dynamic", matrix_dynamic, 0 }, { NULL, NULL, 0 },
	};

	bspec_map(b, value, "build-matrix", keys, to);
}

static void parallelism(struct bspec *b, const struct yml_node *value, void *to)
{
	long n;

	(void)to;
	if (bspec_want(b, value, YML_SCALAR) &&
	    (opt_number(value->text, &n) < 0 || n < 1 || n > PARALLELISM_MAX))
		bspec_error(b, "buildspec-value", value, "write a number from 1 to 100",
			    "\"%.40s\" is no number of builds", value->text);
}

static void build_fanout(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "parallelism", parallelism, 0 }, { "ignore-failure", bspec_flag_only, 0 },
		{ "debug-session", bspec_flag_only, 0 }, { "env", environment, 0 },
		{ "buildspec", bspec_string_only, 0 }, { NULL, NULL, 0 },
	};

	bspec_map(b, value, "build-fanout", keys, to);
}

void bspec_batch(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "fast-fail", bspec_flag_only, 0 }, { "build-list", build_list, 0 },
		{ "build-graph", build_graph, 0 }, { "build-matrix", build_matrix, 0 },
		{ "build-fanout", build_fanout, 0 }, { NULL, NULL, 0 },
	};
	int kinds = 0;

	b->batch = true;
	b->spec->has_batch = true;
	bspec_map(b, value, "batch", keys, to);
	for (const struct bspec_key *k = keys + 1; k->name; k++)
		kinds += yml_get(value, k->name) != NULL;
	if (kinds > 1)
		bspec_warn(b, "buildspec-batch", value, "keep one of them",
			   "a batch is one of build-list, build-graph, build-matrix, build-fanout");
}
