/*
 * The rules, for docs and for --format sarif:
 *
 *	buildspec-yaml			not YAML; in CodeBuild's words
 *	buildspec-type			a list, map or string where another is expected
 *	buildspec-value			a value that CodeBuild does not know
 *	buildspec-version		version is missing, or neither 0.1 nor 0.2
 *	buildspec-unknown-key		a key that CodeBuild does not read
 *	buildspec-unknown-phase		a phase that it does not run
 *	buildspec-phases-missing	nothing to run
 *	buildspec-commands-missing	a phase without commands
 *	buildspec-command-type		a command that is no string
 *	buildspec-empty-command
 *	buildspec-on-failure
 *	buildspec-variable-name		a name that no variable can have
 *	buildspec-reserved-variable	CODEBUILD_*, AWS credentials
 *	buildspec-variable-literal	$NAME where nothing is expanded
 *	buildspec-variable-twice	in two parts of env
 *	buildspec-exported-unset	exported, and set by nothing
 *	buildspec-plaintext-secret
 *	buildspec-parameter-store, buildspec-secrets-manager: a bad reference
 *	buildspec-files-missing		artifacts or a report without files
 *	buildspec-batch
 *	buildspec-runtime		a runtime that no image has
 *	buildspec-command		a command that today's images cannot run, or that shows a password
 *	buildspec-cache			a cache that keeps nothing
 *	buildspec-post-build		runs after a failure without looking
 */
#include "buildspec_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct memory {
	struct arena arena;
	struct buildspec spec;
};

static void version(struct bspec *b, const struct yml_node *value, void *to)
{
	int *v = to;

	if (!bspec_want(b, value, YML_SCALAR))
		return;
	*v = strcmp(value->text, "0.2") == 0 ? 2 : strcmp(value->text, "0.1") == 0 ? 1 : 0;
	if (*v == 0)
		bspec_error(b, "buildspec-version", value, "write version: 0.2",
			    "\"%.40s\" is no version of a buildspec", value->text);
	if (*v == 1)
		bspec_warn(b, "buildspec-version", value, "write version: 0.2",
			   "with version 0.1 each command runs in a shell of its own: cd and export "
			   "do not last");
}

static void proxy(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "upload-artifacts", bspec_flag_only, 0 },
		{ "logs", bspec_flag_only, 0 },
		{ NULL, NULL, 0 },
	};

	b->spec->has_proxy = true;
	bspec_map(b, value, "proxy", keys, to);
}

static const struct bspec_key root_keys[] = {
	{ "version", version, offsetof(struct buildspec, version) },
	{ "run-as", bspec_string, offsetof(struct buildspec, run_as) },
	{ "env", bspec_env, 0 },
	{ "environment_variables", bspec_env_of_0_1, 0 },
	{ "proxy", proxy, 0 },
	{ "batch", bspec_batch, 0 },
	{ "phases", bspec_phases, 0 },
	{ "reports", bspec_reports, 0 },
	{ "artifacts", bspec_artifacts, 0 },
	{ "cache", bspec_cache, 0 },
	{ NULL, NULL, 0 },
};

static bool absent(const struct yml_node *map, const char *key)
{
	const struct yml_node *v = yml_get(map, key);

	return !v || yml_is_null(v) || (v->kind == YML_MAPPING && v->n == 0);
}

static void whole(struct bspec *b, const struct yml_node *root)
{
	bspec_map(b, root, "a buildspec", root_keys, b->spec);
	if (root->kind != YML_MAPPING)
		return;
	if (absent(root, "version"))
		bspec_error(b, "buildspec-version", root, "begin it with version: 0.2",
			    "the buildspec has no version");
	if (absent(root, "phases") && !b->batch)
		bspec_error(b, "buildspec-phases-missing", root, "add phases: with build: and commands:",
			    "the buildspec has no phases, so nothing would run");
	bspec_check_exported(b, root);
}

static void not_yaml(struct bspec *b, const char *name, const struct err *err, int line, int column)
{
	struct yml_node at = { .line = line, .column = column };
	const char *message = err->message;
	char place[64];
	size_t skip;

	snprintf(place, sizeof(place), ":%d:%d: ", line, column);
	skip = strlen(name) + strlen(place);
	if (strlen(message) > skip)
		message += skip;
	bspec_error(b, "buildspec-yaml", &at, NULL, "%s", message);
}

int buildspec_parse(const char *text, size_t len, const char *name, buildspec_report_fn *report,
		    void *arg, struct buildspec **out, struct err *err)
{
	struct memory *m = calloc(1, sizeof(*m));
	struct bspec b = { .report = report, .arg = arg, .path = BUF_INIT(1u << 17) };
	struct err fault = { 0 };
	int line, column, rc = 0;
	struct yml *doc;

	if (!m)
		return err_set(err, ERR_INTERNAL, "no memory to read %s", name);
	b.spec = &m->spec;
	b.arena = &m->arena;
	m->spec.memory = m;
	m->spec.shell = "sh";
	doc = yml_parse(text, len, name, &line, &column, &fault);
	if (doc)
		whole(&b, yml_root(doc));
	else if (fault.class == ERR_USAGE)
		not_yaml(&b, name, &fault, line, column);
	else
		b.no_memory = true;
	yml_free(doc);
	buf_free(&b.path);
	if (b.no_memory)
		rc = err_set(err, ERR_INTERNAL, "no memory to read %s", name);
	if (out && rc == 0)
		*out = b.refused ? NULL : &m->spec;
	if (!out || rc < 0 || b.refused)
		buildspec_free(&m->spec);
	return rc;
}

void buildspec_free(struct buildspec *spec)
{
	struct memory *m = spec ? spec->memory : NULL;

	if (!m)
		return;
	arena_free(&m->arena);
	free(m);
}
