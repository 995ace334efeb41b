/* The part env of a buildspec: variables, and references to them elsewhere. */
#include "buildspec_read.h"

#include <ctype.h>
#include <string.h>

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

static void check_plain(struct bspec *b, const struct yml_node *key, const struct yml_node *value)
{
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

static void variables(struct bspec *b, const struct yml_node *map, enum buildspec_source source)
{
	if (!bspec_want(b, map, YML_MAPPING))
		return;
	for (size_t i = 0; i < map->n && !b->no_memory; i++) {
		const struct yml_node *key = map->items[i].key, *value = map->items[i].value;
		size_t length = bspec_enter(b, key->text);

		check_name(b, key);
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

void bspec_env(struct bspec *b, const struct yml_node *value, void *to)
{
	static const struct bspec_key keys[] = {
		{ "shell", shell, offsetof(struct buildspec, shell) },
		{ "variables", plain, 0 },
		{ "parameter-store", parameter_store, 0 },
		{ "secrets-manager", secrets_manager, 0 },
		{ "exported-variables", exported, offsetof(struct buildspec, exported) },
		{ "git-credential-helper", bspec_flag_only, 0 },
		{ NULL, NULL, 0 },
	};

	bspec_map(b, value, "env", keys, to);
}
