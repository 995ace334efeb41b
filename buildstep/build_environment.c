#include "build.h"

#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

extern char **environ;

const char *build_environment_value(const struct strs *env, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], name, len) == 0 && env->v[i][len] == '=')
			return env->v[i] + len + 1;
	return NULL;
}

void build_environment_set(struct strs *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++) {
		char *entry;

		if (strncmp(env->v[i], name, len) != 0 || env->v[i][len] != '=')
			continue;
		if (asprintf(&entry, "%s=%s", name, value) < 0) {
			env->failed = 1;
			return;
		}
		explicit_bzero(env->v[i], strlen(env->v[i]));
		free(env->v[i]);
		env->v[i] = entry;
		return;
	}
	strs_addf(env, "%s=%s", name, value);
}

static void set_missing(struct strs *env, const char *name, const char *value)
{
	const char *old = build_environment_value(env, name);

	if (!old || !*old)
		build_environment_set(env, name, value);
}

void build_environment_inherit(struct strs *env)
{
	static const char *const left_out[] = {
		"PWD=", "OLDPWD=", "GIT_DIR=", "GIT_WORK_TREE=", "GIT_INDEX_FILE=", "GIT_PREFIX=",
		"GIT_NAMESPACE=", "GIT_COMMON_DIR=", "GIT_QUARANTINE_PATH=", "GIT_OBJECT_DIRECTORY=",
		"GIT_ALTERNATE_OBJECT_DIRECTORIES=", "GIT_PUSH_OPTION_", NULL,
	};

	for (char **e = environ; *e; e++) {
		const char *const *o = left_out;

		while (*o && strncmp(*e, *o, strlen(*o)) != 0)
			o++;
		if (!*o && strchr(*e, '='))
			strs_add(env, *e);
	}
}

static void set_number(struct strs *env, const char *name, int64_t n)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)n);
	set_missing(env, name, text);
}

/* A build of this machine has no name at AWS; a caller that has one gives it. */
static void codebuild_names(struct build *b)
{
	const char *region = build_environment_value(&b->env, "AWS_REGION");
	char text[200];

	if (!region || !*region)
		region = build_environment_value(&b->env, "AWS_DEFAULT_REGION");
	if (region && *region) {
		char copy[64];

		snprintf(copy, sizeof(copy), "%s", region);
		set_missing(&b->env, "AWS_REGION", copy);
		set_missing(&b->env, "AWS_DEFAULT_REGION", copy);
	}
	region = build_environment_value(&b->env, "AWS_REGION");
	build_environment_set(&b->env, "CODETRAIN_BUILD_SLOT", "taken");
	build_environment_set(&b->env, "CODEBUILD_CI", "true");
	build_environment_set(&b->env, "CODEBUILD_BUILD_SUCCEEDING", "1");
	build_environment_set(&b->env, "CODEBUILD_SRC_DIR", b->source);
	if (b->commit[0])
		build_environment_set(&b->env, "CODEBUILD_RESOLVED_SOURCE_VERSION", b->commit);
	set_missing(&b->env, "CODEBUILD_SOURCE_VERSION",
		    b->options->commit ? b->options->commit : b->commit);
	if (b->options->repo)
		set_missing(&b->env, "CODEBUILD_SOURCE_REPO_URL", b->options->repo);
	set_missing(&b->env, "CODEBUILD_INITIATOR", "codetrain");
	set_number(&b->env, "CODEBUILD_START_TIME", b->started_ms);
	set_number(&b->env, "CODEBUILD_BUILD_NUMBER", 1);
	snprintf(text, sizeof(text), "local:%lld", (long long)b->started_ms);
	set_missing(&b->env, "CODEBUILD_BUILD_ID", text);
	snprintf(text, sizeof(text), "arn:aws:codebuild:%.40s:000000000000:build/%.80s",
		 region && *region ? region : "local", build_environment_value(&b->env, "CODEBUILD_BUILD_ID"));
	set_missing(&b->env, "CODEBUILD_BUILD_ARN", text);
}

/* codetrain's own programs are found, behind everything that is on PATH. */
static int add_path(struct build *b, struct err *err)
{
	struct buf path = BUF_INIT(65536), own = BUF_INIT(PATH_MAX_BYTES);
	struct err unknown = { 0 };
	const char *old = build_environment_value(&b->env, "PATH");
	int rc = 0;

	buf_adds(&path, old && *old ? old : "/usr/local/bin:/usr/bin:/bin");
	if (proc_sibling("codetrain", &own, &unknown) == 0 && strrchr(buf_str(&own), '/')) {
		buf_addc(&path, ':');
		buf_add(&path, own.data, (size_t)(strrchr(own.data, '/') - own.data));
	}
	rc = buf_check(&path, "PATH", err);
	if (rc == 0)
		build_environment_set(&b->env, "PATH", buf_str(&path));
	buf_free(&path);
	buf_free(&own);
	return rc;
}

static int own_home(struct build *b, struct err *err)
{
	const char *home = build_environment_value(&b->env, "HOME");
	char *path;
	int rc = 0;

	if (home && *home)
		return 0;
	if (asprintf(&path, "%s/home", b->temporary) < 0)
		return err_set(err, ERR_INTERNAL, "no memory");
	if (mkdir(path, 0700) < 0)
		rc = err_errno(err, "cannot make the folder %s", path);
	else
		build_environment_set(&b->env, "HOME", path);
	free(path);
	return rc;
}

static int overrides(struct build *b, struct err *err)
{
	const struct strs *given = &b->options->env;

	for (size_t i = 0; i < given->n; i++) {
		const char *entry = given->v[i], *equals = strchr(entry, '=');
		char name[256];

		if (equals == entry || !*entry || (equals && equals - entry >= 256) ||
		    (!equals && strlen(entry) >= 256))
			return err_set(err, ERR_USAGE, "--env wants NAME=VALUE or NAME");
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, "="), entry);
		if (!equals && !getenv(name))
			return err_set(err, ERR_USAGE, "--env %s: the variable is not set here", name);
		build_environment_set(&b->env, name, equals ? equals + 1 : getenv(name));
	}
	return 0;
}

bool build_environment_given(const struct build *b, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < b->options->env.n; i++) {
		const char *entry = b->options->env.v[i];

		if (strncmp(entry, name, len) == 0 && (entry[len] == '=' || !entry[len]))
			return true;
	}
	return false;
}

int build_environment(struct build *b, struct err *err)
{
	build_environment_inherit(&b->env);
	for (size_t i = 0; i < b->spec->n_variables; i++)
		if (b->spec->variables[i].source == BUILDSPEC_PLAIN)
			build_environment_set(&b->env, b->spec->variables[i].name, b->spec->variables[i].value);
	if (overrides(b, err) < 0)
		return -1;
	codebuild_names(b);
	if (add_path(b, err) < 0 || own_home(b, err) < 0 || build_values(b, err) < 0)
		return -1;
	return b->env.failed ? err_set(err, ERR_INTERNAL, "the environment is too large") : 0;
}
