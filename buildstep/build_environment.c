#include "build.h"

#include "lib/base/file.h"
#include "lib/base/proc.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
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

/* A version 4 UUID (RFC 9562). */
static void uuid(char out[static 37])
{
	unsigned char r[16];

	if (getrandom(r, sizeof(r), 0) != (ssize_t)sizeof(r))
		memset(r, 0, sizeof(r));
	r[6] = (unsigned char)((r[6] & 0x0f) | 0x40);
	r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
	snprintf(out, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", r[0], r[1],
		 r[2], r[3], r[4], r[5], r[6], r[7], r[8], r[9], r[10], r[11], r[12], r[13], r[14], r[15]);
}

/* What stands for the project's name: that of the folder or repository. */
static void project(const struct build *b, char out[static 64])
{
	const char *path = b->options->repo ? b->options->repo : b->source, *name = path;
	size_t n = 0;

	for (const char *s = path; *s; s++)
		if (*s == '/' && s[1])
			name = s + 1;
	for (; *name && n < 63 && strcmp(name, ".git") != 0 && *name != '/'; name++)
		out[n++] = isalnum((unsigned char)*name) || *name == '_' ? *name : '-';
	out[n] = '\0';
	if (n == 0)
		snprintf(out, 64, "local");
}

/* A build of this machine has no name at AWS; a caller that has one gives it. The
 * forms are CodeBuild's: project:uuid, and the log's stream is that uuid. */
static void codebuild_identity(struct build *b, const char *region)
{
	char id[37], name[64], text[320];
	const char *whole, *colon;

	uuid(id);
	project(b, name);
	snprintf(text, sizeof(text), "%s:%s", name, id);
	set_missing(&b->env, "CODEBUILD_BUILD_ID", text);
	whole = build_environment_value(&b->env, "CODEBUILD_BUILD_ID");
	snprintf(text, sizeof(text), "arn:aws:codebuild:%.40s:000000000000:build/%.200s",
		 region && *region ? region : "local", whole);
	colon = strchr(whole, ':');
	snprintf(id, sizeof(id), "%.36s", colon ? colon + 1 : whole);
	set_missing(&b->env, "CODEBUILD_BUILD_ARN", text);
	set_missing(&b->env, "CODEBUILD_LOG_PATH", id);
	set_missing(&b->env, "CODEBUILD_BUILD_IMAGE", "local");
}

static void codebuild_names(struct build *b)
{
	static const char *const regions[] = { "AWS_REGION", "AWS_DEFAULT_REGION" };
	char region[64] = "";

	for (int i = 0; i < 2 && !*region; i++)
		if (build_environment_value(&b->env, regions[i]))
			snprintf(region, sizeof(region), "%s", build_environment_value(&b->env, regions[i]));
	for (int i = 0; i < 2 && *region; i++)
		set_missing(&b->env, regions[i], region);
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
	codebuild_identity(b, region);
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
