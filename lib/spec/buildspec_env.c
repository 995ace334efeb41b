/* The part env of a buildspec: variables, and references to them elsewhere. */
#include "buildspec_read.h"

#include <ctype.h>
#include <string.h>

enum { VARIABLES_COMPARED = 1000 };	/* a buildspec with more is nobody's */

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

static bool is_name(const char *s)
{
	if (!isalpha((unsigned char)*s) && *s != '_')
		return false;
	while (isalnum((unsigned char)*s) || *s == '_')
		s++;
	return !*s;
}

static bool listed(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* What the SDKs and codetrain read: setting it here takes the build's own
 * credentials away from everything that runs in the build. */
static const char *const credential_names[] = {
	"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN",
	"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
	"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN",
	"AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_EXECUTION_ENV", NULL,
};

static void check_name(struct bspec *b, const struct yml_node *key)
{
	if (!*key->text || strchr(key->text, '=')) {
		bspec_error(b, "buildspec-variable-name", key, NULL,
			    "\"%.60s\" cannot be the name of a variable", key->text);
	} else if (!is_name(key->text)) {
		bspec_warn(b, "buildspec-variable-name", key,
			   "use letters, digits and _ only, and no digit first",
			   "no shell can read a variable with the name \"%.60s\"", key->text);
	} else if (starts(key->text, "CODEBUILD_")) {
		bspec_warn(b, "buildspec-reserved-variable", key, "choose another name",
			   "%.60s: names that begin with CODEBUILD_ are CodeBuild's own", key->text);
	} else if (listed(key->text, credential_names)) {
		bspec_warn(b, "buildspec-reserved-variable", key,
			   "set it for the one command that needs it, or give the build's role "
			   "the right instead",
			   "%.60s changes whose credentials every command of the build uses",
			   key->text);
	}
}

/* A word such as PASSWORD in the name, and a value that is neither a reference
 * nor a path nor an address: letters and digits in one run of 8 or more. */
static bool looks_secret(const char *name, const char *value)
{
	static const char *const words[] = { "PASSWORD", "PASSWD", "SECRET", "TOKEN", "API_KEY",
					     "APIKEY", "PRIVATE_KEY", "ACCESS_KEY" };
	bool named = false, letter = false, digit = false;
	size_t len = strlen(value);

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		named = named || strcasestr(name, words[i]);
	if (!named || len < 8 || value[strcspn(value, " \t\n/:${}")])
		return false;
	for (size_t i = 0; i < len; i++) {
		letter = letter || isalpha((unsigned char)value[i]);
		digit = digit || isdigit((unsigned char)value[i]);
	}
	return letter && digit;
}

/* Whether $NAME or ${NAME} stands in a text. */
static bool has_reference(const char *s)
{
	while ((s = strchr(s, '$'))) {
		s++;
		if (isalpha((unsigned char)*s) || *s == '_' ||
		    (*s == '{' && (isalpha((unsigned char)s[1]) || s[1] == '_')))
			return true;
	}
	return false;
}

static void check_plain(struct bspec *b, const struct yml_node *key, const struct yml_node *value)
{
	if (has_reference(value->text))
		bspec_warn(b, "buildspec-variable-literal", value,
			   "export it in a command of the phase install",
			   "CodeBuild expands nothing in env/variables: %.60s gets the text with the $ in it",
			   key->text);
	if (looks_secret(key->text, value->text))
		bspec_warn(b, "buildspec-plaintext-secret", value,
			   "put it in Secrets Manager, and name it under env/secrets-manager",
			   "%.60s looks like a secret, for everyone who can read the repository or "
			   "the console", key->text);
}

static void check_parameter(struct bspec *b, const struct yml_node *value)
{
	const char *s = value->text;

	if (!*s || s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-/:")])
		bspec_error(b, "buildspec-parameter-store", value, NULL,
			    "\"%.100s\" is not the name of a parameter: letters, digits, _ . - and / "
			    "are allowed", s);
	else if (*s != '/' && strchr(s, '/') && !starts(s, "arn:"))
		bspec_error(b, "buildspec-parameter-store", value, "begin it with /",
			    "\"%.100s\": a parameter's name with a path in it begins with /", s);
}

/* SECRET[:JSON-KEY[:STAGE[:VERSION]]]; an ARN has six colons of its own. */
static void check_secret(struct bspec *b, const struct yml_node *value)
{
	bool arn = starts(value->text, "arn:");
	const char *part[10] = { value->text };
	size_t first = arn ? 6 : 0, n = 1;

	for (const char *s = value->text; *s; s++) {
		if (*s != ':')
			continue;
		if (n == 10) {
			n = 11;
			break;
		}
		part[n++] = s + 1;
	}
	if (!*value->text || *value->text == ':' || n > first + 4 || (arn && n < 7)) {
		bspec_error(b, "buildspec-secrets-manager", value,
			    "write SECRET, SECRET:KEY or SECRET:KEY:STAGE:VERSION",
			    "\"%.200s\" is not a reference to a secret", value->text);
		return;
	}
	if (arn && (!starts(part[2], "secretsmanager:") || !starts(part[5], "secret:")))
		bspec_error(b, "buildspec-secrets-manager", value, NULL,
			    "\"%.200s\" is the ARN of something else than a secret", value->text);
	if (n == first + 4 && *part[first + 2] != ':' && *part[first + 3])
		bspec_error(b, "buildspec-secrets-manager", value, "leave one of them empty",
			    "\"%.200s\" has a stage and a version; a secret takes one of them",
			    value->text);
}

static void add_variable(struct bspec *b, const struct yml_node *key, const struct yml_node *value,
			 enum buildspec_source source)
{
	struct buildspec_variable *v = bspec_append(b, b->spec->variables, &b->spec->n_variables,
						    sizeof(*v));

	if (!v)
		return;
	b->spec->variables = v;
	v[b->spec->n_variables - 1] = (struct buildspec_variable){
		.name = bspec_copy(b, key), .source = source, .line = key->line,
		.value = yml_is_null(value) ? "" : bspec_copy(b, value),
	};
}

/* A variable of two parts of env has one value, and which is not said. */
static void check_twice(struct bspec *b, const struct yml_node *key, enum buildspec_source source)
{
	for (size_t i = 0; i < b->spec->n_variables; i++) {
		const struct buildspec_variable *v = &b->spec->variables[i];

		if (v->source == source || !v->name || strcmp(v->name, key->text) != 0)
			continue;
		bspec_warn(b, "buildspec-variable-twice", key, "take one of them out",
			   "%.60s stands on line %d too, in another part of env", key->text, v->line);
		return;
	}
}

static void variables(struct bspec *b, const struct yml_node *map, enum buildspec_source source)
{
	if (!bspec_want(b, map, YML_MAPPING))
		return;
	for (size_t i = 0; i < map->n && !b->no_memory; i++) {
		const struct yml_node *key = map->items[i].key, *value = map->items[i].value;
		size_t length = bspec_enter(b, key->text);

		check_name(b, key);
		if (b->n_variables_looked_at++ < VARIABLES_COMPARED)
			check_twice(b, key, source);
		if (bspec_want(b, value, YML_SCALAR)) {
			if (source == BUILDSPEC_PLAIN)
				check_plain(b, key, value);
			else if (source == BUILDSPEC_PARAMETER)
				check_parameter(b, value);
			else
				check_secret(b, value);
			add_variable(b, key, value, source);
		}
		bspec_leave(b, length);
	}
}

static void plain(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	variables(b, value, BUILDSPEC_PLAIN);
}

static void parameter_store(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	variables(b, value, BUILDSPEC_PARAMETER);
}

static void secrets_manager(struct bspec *b, const struct yml_node *value, void *to)
{
	(void)to;
	variables(b, value, BUILDSPEC_SECRET);
}

static void shell(struct bspec *b, const struct yml_node *value, void *to)
{
	static const char *const shells[] = { "bash", "/bin/bash", "/bin/sh", "sh", "powershell.exe",
					      "pwsh", "cmd.exe", NULL };

	bspec_string(b, value, to);
	if (value->kind == YML_SCALAR && !listed(value->text, shells))
		bspec_error(b, "buildspec-value", value, "write bash or /bin/sh",
			    "\"%.60s\" is no shell of CodeBuild", value->text);
}

static void exported(struct bspec *b, const struct yml_node *value, void *to)
{
	struct buildspec_strings *names = to;

	bspec_strings(b, value, to);
	for (size_t i = 0; i < names->n && !b->no_memory; i++) {
		const struct yml_node *at = value->kind == YML_SEQUENCE ? value->items[i].value : value;
		size_t length = bspec_enter_index(b, i);

		if (!is_name(names->v[i]))
			bspec_error(b, "buildspec-variable-name", at, NULL,
				    "\"%.60s\" cannot be the name of a variable", names->v[i]);
		else if (starts(names->v[i], "AWS_") || starts(names->v[i], "CODEBUILD_"))
			bspec_warn(b, "buildspec-reserved-variable", at, "export a copy with another name",
				   "%.60s is not exported: names with AWS_ or CODEBUILD_ are left out",
				   names->v[i]);
		bspec_leave(b, length);
	}
}

/* Those of a build of a batch: looked at, and not kept. */
void bspec_batch_variables(struct bspec *b, const struct yml_node *map, void *to)
{
	(void)to;
	if (!bspec_want(b, map, YML_MAPPING))
		return;
	for (size_t i = 0; i < map->n && !b->no_memory; i++) {
		size_t length = bspec_enter(b, map->items[i].key->text);

		check_name(b, map->items[i].key);
		if (bspec_want(b, map->items[i].value, YML_SCALAR))
			check_plain(b, map->items[i].key, map->items[i].value);
		bspec_leave(b, length);
	}
}

/* The part environment_variables of version 0.1. */
void bspec_env_of_0_1(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = { { "plaintext", plain, 0 }, { NULL, NULL, 0 } };

	bspec_map(b, value, "environment_variables", keys, to);
	if (b->spec->version == 2)
		bspec_warn(b, "buildspec-unknown-key", value, "write env: and variables:",
			   "environment_variables belongs to version 0.1: CodeBuild passes it over");
}

/* Whether a command has the name as a word, or reads commands from elsewhere. */
static bool sets(const char *command, const char *name)
{
	static const char *const readers[] = { "source ", "eval ", ". ./", ". /", ". \"", ". $" };
	size_t n = strlen(name);

	for (const char *at = command; (at = strstr(at, name)); at += n)
		if ((at == command || !(isalnum((unsigned char)at[-1]) || at[-1] == '_')) &&
		    !isalnum((unsigned char)at[n]) && at[n] != '_')
			return true;
	for (size_t i = 0; i < sizeof(readers) / sizeof(*readers); i++)
		if (strstr(command, readers[i]))
			return true;
	return false;
}

static bool is_set(const struct buildspec *spec, const char *name)
{
	for (size_t i = 0; i < spec->n_variables; i++)
		if (strcmp(spec->variables[i].name, name) == 0)
			return true;
	for (int p = 0; p < BUILDSPEC_PHASES; p++) {
		const struct buildspec_commands *lists[] = { &spec->phases[p].commands,
							     &spec->phases[p].finally };

		for (int k = 0; k < 2; k++)
			for (size_t i = 0; i < lists[k]->n; i++)
				if (sets(lists[k]->v[i].text, name))
					return true;
	}
	return false;
}

void bspec_check_exported(struct bspec *b, const struct yml_node *root)
{
	const struct yml_node *list = yml_get(yml_get(root, "env"), "exported-variables");

	if (b->refused || b->no_memory || b->batch || !list || list->kind != YML_SEQUENCE)
		return;
	bspec_enter(b, "env");
	bspec_enter(b, "exported-variables");
	for (size_t i = 0; i < list->n && i < VARIABLES_COMPARED; i++) {
		const struct yml_node *name = list->items[i].value;
		size_t length = bspec_enter_index(b, i);

		if (!is_set(b->spec, name->text))
			bspec_warn(b, "buildspec-exported-unset", name, NULL,
				   "%.60s is exported, and no command sets it", name->text);
		bspec_leave(b, length);
	}
	bspec_leave(b, 0);
}

void bspec_env(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "shell", shell, offsetof(struct buildspec, shell) },
		{ "variables", plain, 0 },
		{ "parameter-store", parameter_store, 0 },
		{ "secrets-manager", secrets_manager, 0 },
		{ "exported-variables", exported, offsetof(struct buildspec, exported) },
		{ "git-credential-helper", bspec_flag, offsetof(struct buildspec, has_git_helper) },
		{ NULL, NULL, 0 },
	};

	bspec_map(b, value, "env", keys, to);
}
