/* The phases of a buildspec and their commands. */
#include "buildspec_read.h"

#include "lib/base/opt.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

const char *const buildspec_phase_names[BUILDSPEC_PHASES] = { "install", "pre_build", "build",
							      "post_build" };

enum { INSTALL, PRE_BUILD, BUILD, POST_BUILD };
enum { RETRIES = 3, RETRIES_MAX = 100 };

/* CodeBuild's own words for an item that is not a string; N counts from 0. */
static void not_a_string(struct bspec *b, const char *list, size_t index,
			 const struct yml_node *item)
{
	if (item->kind == YML_MAPPING)
		bspec_error(b, "buildspec-command-type", item,
			    "quote the whole command: an unquoted \": \" makes it a map",
			    "Expected %s[%zu] to be of string type: found subkeys instead at line %d, "
			    "value of the key tag on line %d might be empty", list, index, item->line,
			    item->line - 1);
	else
		bspec_error(b, "buildspec-command-type", item, "write the command as one string",
			    "Expected %s[%zu] to be of string type: found a list instead at line %d",
			    list, index, item->line);
}

/* What runs no longer, or shows what it should hide. */
static void check_command(struct bspec *b, const struct yml_node *item)
{
	const char *login = strstr(item->text, "docker login");

	if (strstr(item->text, "ecr get-login ") || strstr(item->text, "ecr get-login)"))
		bspec_warn(b, "buildspec-command", item,
			   "aws ecr get-login-password | docker login --username AWS --password-stdin HOST",
			   "the AWS CLI of today's images has no get-login");
	else if (login && (strstr(login, " -p ") || strstr(login, " --password ") ||
			   strstr(login, " --password=")))
		bspec_warn(b, "buildspec-command", item, "give it with --password-stdin",
			   "docker login has a password among its arguments, where every process sees it");
}

static void command_list(struct bspec *b, const struct yml_node *value, const char *list,
			 struct buildspec_commands *to)
{
	if (value->kind != YML_SEQUENCE) {
		bspec_error(b, "buildspec-type", value, "begin each command with \"- \"",
			    "Expected %s to be a list of strings: found %s", list,
			    yml_kind_name(value));
		return;
	}
	for (size_t i = 0; i < value->n && !b->no_memory; i++) {
		const struct yml_node *item = value->items[i].value;
		size_t length = bspec_enter_index(b, i);
		struct buildspec_command *v;

		if (item->kind != YML_SCALAR) {
			not_a_string(b, list, i, item);
		} else if (yml_is_null(item) || item->text[strspn(item->text, " \t\n")] == '\0') {
			bspec_warn(b, "buildspec-empty-command", item, "take the line out",
				   "an empty command");
		} else if ((v = bspec_append(b, to->v, &to->n, sizeof(*v)))) {
			to->v = v;
			v[to->n - 1].text = bspec_copy(b, item);
			v[to->n - 1].line = item->line;
			check_command(b, item);
		}
		bspec_leave(b, length);
	}
}

static void commands(struct bspec *b, const struct yml_node *value, void *to)
{
	command_list(b, value, "Commands", to);
}

static void finally(struct bspec *b, const struct yml_node *value, void *to)
{
	command_list(b, value, "Finally", to);
}

static bool retry(struct bspec *b, const struct yml_node *value, struct buildspec_phase *phase)
{
	const char *rest = value->text + strlen("RETRY");
	size_t digits;
	regex_t regex;

	phase->on_failure = BUILDSPEC_RETRY;
	phase->retries = RETRIES;
	if (*rest == '\0')
		return true;
	if (*rest++ != '-')
		return false;
	digits = strspn(rest, "0123456789");
	if (digits && (rest[digits] == '\0' || rest[digits] == '-')) {
		char number[8];
		long count;

		if (digits >= sizeof(number))
			return false;
		memcpy(number, rest, digits);
		number[digits] = '\0';
		if (opt_number(number, &count) < 0 || count > RETRIES_MAX)
			return false;
		phase->retries = (int)count;
		rest += digits;
		if (*rest++ == '\0')
			return true;
	}
	if (!*rest || regcomp(&regex, rest, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	regfree(&regex);
	phase->retry_pattern = arena_copy(b->arena, rest, strlen(rest));
	b->no_memory = b->no_memory || !phase->retry_pattern;
	return true;
}

static void on_failure(struct bspec *b, const struct yml_node *value, void *to)
{
	struct buildspec_phase *phase = to;

	if (!bspec_want(b, value, YML_SCALAR))
		return;
	if (strcmp(value->text, "ABORT") == 0)
		phase->on_failure = BUILDSPEC_ABORT;
	else if (strcmp(value->text, "CONTINUE") == 0)
		phase->on_failure = BUILDSPEC_CONTINUE;
	else if (strncmp(value->text, "RETRY", 5) != 0 || !retry(b, value, phase))
		bspec_error(b, "buildspec-on-failure", value,
			    "write ABORT, CONTINUE, RETRY, RETRY-count (0 to 100), RETRY-regex or "
			    "RETRY-count-regex", "\"%.100s\" is no on-failure", value->text);
}

/* What people write for a runtime, by the name that CodeBuild has. */
static const char *runtime_meant(const char *name)
{
	static const char *const names[] = { "android", "docker", "dotnet", "golang", "java", "nodejs",
					     "php", "python", "ruby", NULL };
	static const struct { const char *said, *meant; } said[] = {
		{ "go", "golang" }, { "node", "nodejs" }, { "node.js", "nodejs" },
		{ "python3", "python" }, { "py", "python" }, { "jdk", "java" },
		{ "corretto", "java" }, { "openjdk", "java" }, { "net", "dotnet" },
	};

	for (size_t i = 0; i < sizeof(said) / sizeof(*said); i++)
		if (strcasecmp(name, said[i].said) == 0)
			return said[i].meant;
	for (const char *const *n = names; *n; n++)
		if (strcmp(name, *n) == 0)
			return name;
	return bspec_meant(name, names);
}

static void runtimes(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	b->spec->has_runtimes = true;
	if (!bspec_want(b, value, YML_MAPPING))
		return;
	for (size_t i = 0; i < value->n; i++) {
		const struct yml_node *key = value->items[i].key;
		const char *meant = runtime_meant(key->text);
		size_t length = bspec_enter(b, key->text);

		bspec_want(b, value->items[i].value, YML_SCALAR);
		if (meant && strcmp(meant, key->text) != 0)
			bspec_error(b, "buildspec-runtime", key, NULL,
				    "no image of CodeBuild has a runtime \"%.40s\": did you mean %s?",
				    key->text, meant);
		else if (!meant)
			bspec_warn(b, "buildspec-runtime", key, NULL,
				   "no image of CodeBuild has a runtime \"%.40s\"", key->text);
		bspec_leave(b, length);
	}
}

static void runtimes_elsewhere(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	bspec_error(b, "buildspec-unknown-key", value, "move it to the phase install",
		    "runtime-versions belongs to the phase install");
}

#define PHASE_KEYS(runtime_reader)								\
	{ "commands", commands, offsetof(struct buildspec_phase, commands) },			\
	{ "finally", finally, offsetof(struct buildspec_phase, finally) },			\
	{ "on-failure", on_failure, 0 },							\
	{ "run-as", bspec_string, offsetof(struct buildspec_phase, run_as) },			\
	{ "runtime-versions", runtime_reader, 0 },						\
	{ NULL, NULL, 0 }

static void phase(struct bspec *b, const struct yml_node *key, const struct yml_node *map,
		  int which)
{
	static const struct bspec_key install_keys[] = { PHASE_KEYS(runtimes) };
	static const struct bspec_key other_keys[] = { PHASE_KEYS(runtimes_elsewhere) };
	struct buildspec_phase *p = &b->spec->phases[which];
	const struct yml_node *list = yml_get(map, "commands");
	char what[40];

	p->present = true;
	p->line = key->line;
	snprintf(what, sizeof(what), "the phase %s", buildspec_phase_names[which]);
	if (!yml_is_null(map))
		bspec_map(b, map, what, which == INSTALL ? install_keys : other_keys, p);
	if (which != INSTALL && (yml_is_null(map) || map->kind == YML_MAPPING) &&
	    (!list || yml_is_null(list)))
		bspec_error(b, "buildspec-commands-missing", key, "add commands: and a list",
			    "%s has no commands", what);
}

static bool mentions(const struct buildspec_commands *c, const char *word)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].text && strstr(c->v[i].text, word))
			return true;
	return false;
}

static void after_a_failure(struct bspec *b, const struct yml_node *post_key)
{
	const struct buildspec_phase *build = &b->spec->phases[BUILD];
	const struct buildspec_phase *post = &b->spec->phases[POST_BUILD];
	size_t length;

	if (b->refused || !build->commands.n || !post->commands.n || !post_key ||
	    build->on_failure == BUILDSPEC_ABORT ||
	    mentions(&post->commands, "CODEBUILD_BUILD_SUCCEEDING"))
		return;
	length = bspec_enter(b, "post_build");
	bspec_warn(b, "buildspec-post-build", post_key,
		   "begin it with: '[ \"$CODEBUILD_BUILD_SUCCEEDING\" = 1 ] || exit 1'",
		   "post_build runs after a failed build too, and does not look at "
		   "CODEBUILD_BUILD_SUCCEEDING");
	bspec_leave(b, length);
}

void bspec_phases(struct bspec *b, const struct yml_node *value, void *to)
{
	const char *const names[] = { "install", "pre_build", "build", "post_build", NULL };
	const struct yml_node *post_key = NULL;

	(void)to;
	if (!bspec_want(b, value, YML_MAPPING))
		return;
	for (size_t i = 0; i < value->n && !b->no_memory; i++) {
		const struct yml_node *key = value->items[i].key;
		const char *meant = bspec_meant(key->text, names);
		size_t length = bspec_enter(b, key->text);
		int which = 0;

		while (which < BUILDSPEC_PHASES && strcmp(key->text, names[which]) != 0)
			which++;
		if (which == POST_BUILD)
			post_key = key;
		if (which < BUILDSPEC_PHASES)
			phase(b, key, value->items[i].value, which);
		else if (!bspec_is_private(key->text))
			bspec_error(b, "buildspec-unknown-phase", key, NULL,
				    "CodeBuild has no phase \"%.60s\", so its commands never run%s%s%s",
				    key->text, meant ? ": did you mean " : "", meant ? meant : "",
				    meant ? "?" : "");
		bspec_leave(b, length);
	}
	after_a_failure(b, post_key);
}
