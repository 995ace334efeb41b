#include "queue_options.h"
#include "queue_text.h"
#include "lib/base/opt.h"
#include "lib/base/utf8.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	NAME_MAX_BYTES = 255,
	REFUSED_MOST = 10,	/* texts; a pusher can give a thousand options */
	GLOBS_MOST = 100,
	SHOWN = 60,		/* characters of an option that a text repeats */
};

/* What a build is told by these decides how it runs, who it is or what it loads: no allow-list
 * gives them to a pusher. */
static const char *const never[] = {
	"AWS_*", "CODEBUILD_*", "CODETRAIN_*", "LD_*", "PATH", "BASH_ENV", "BASH_FUNC_*", "ENV", "IFS",
	"SHELL", "SHELLOPTS", "BASHOPTS", "HOME", "GIT_*",
};

struct parse {
	const struct queue_config *config;
	const char *instance;
	struct queue_options *out;
	size_t unsaid;
};

__attribute__((format(printf, 3, 4)))
static void refuse(struct parse *p, const char *option, const char *why, ...)
{
	struct buf text = BUF_INIT(1024);
	char reason[256];
	va_list ap;

	if (p->out->refused.n >= REFUSED_MOST) {
		p->unsaid++;
		return;
	}
	va_start(ap, why);
	vsnprintf(reason, sizeof(reason), why, ap);
	va_end(ap);
	buf_adds(&text, "push option \"");
	queue_text_clean(option, ' ', SHOWN, &text);
	buf_addf(&text, "\" is not taken: %s", reason);
	strs_add(&p->out->refused, buf_str(&text));
	buf_free(&text);
}

static size_t name_length(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)s[0]) && s[0] != '_')
		return 0;
	while (isalnum((unsigned char)s[n]) || s[n] == '_')
		n++;
	return n <= NAME_MAX_BYTES ? n : 0;
}

static bool is_text(const char *s)
{
	for (size_t n; *s; s += n) {
		n = utf8_length(s);
		if (n == 0 || (unsigned char)*s < ' ' || *s == 0x7f ||
		    (n == 2 && (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] < 0xa0))
			return false;
	}
	return true;
}

static bool is_allowed(const struct parse *p, const char *name)
{
	const char *globs[GLOBS_MOST];
	size_t n = queue_config_all(p->config, p->instance, "env", globs, GLOBS_MOST);

	for (size_t i = 0; i < n; i++)
		if (fnmatch(globs[i], name, 0) == 0)
			return true;
	return false;
}

static bool is_never(const char *name)
{
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (fnmatch(never[i], name, 0) == 0)
			return true;
	return false;
}

/* The last value of a name counts, as in a shell. */
static int set(struct parse *p, const char *assignment, size_t name_len)
{
	struct strs *env = &p->out->env;

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], assignment, name_len + 1) == 0) {
			char *copy = strdup(assignment);

			if (!copy)
				return -1;
			free(env->v[i]);
			env->v[i] = copy;
			return 0;
		}
	}
	return strs_add(env, assignment);
}

static int take_env(struct parse *p, const char *option, const char *value)
{
	char name[NAME_MAX_BYTES + 1];
	size_t n = value ? name_length(value) : 0;

	if (n == 0 || value[n] != '=') {
		refuse(p, option, "ci.env=NAME=VALUE is its form");
		return 0;
	}
	snprintf(name, sizeof(name), "%.*s", (int)n, value);
	if (is_never(name))
		refuse(p, option, "no push sets %.60s", name);
	else if (!is_text(value + n + 1))
		refuse(p, option, "the value of %.60s holds a control character or is no UTF-8", name);
	else if (!is_allowed(p, name))
		refuse(p, option, "the server takes no %.60s; its administrator allows it with "
		       "git config --add codetrain.env %.60s", name, name);
	else if (p->out->env.n >= QUEUE_OPTIONS_ENV)
		refuse(p, option, "a push sets at most %d variables", QUEUE_OPTIONS_ENV);
	else
		return set(p, value, n);
	return 0;
}

static int64_t wait_bound(const struct parse *p)
{
	const char *set_to = queue_config_get(p->config, p->instance, "wait", NULL);
	long seconds;

	if (!set_to || opt_seconds(set_to, &seconds) < 0)
		return QUEUE_OPTIONS_WAIT_MS;
	return seconds < QUEUE_OPTIONS_WAIT_MOST_MS / 1000 ? seconds * INT64_C(1000)
							  : QUEUE_OPTIONS_WAIT_MOST_MS;
}

static void take_wait(struct parse *p, const char *option, const char *value)
{
	int64_t most = wait_bound(p);
	long seconds;

	if (value && opt_seconds(value, &seconds) < 0) {
		refuse(p, option, "ci.wait=10m is its form");
		return;
	}
	p->out->wait = true;
	p->out->wait_ms = value && seconds < most / 1000 ? seconds * INT64_C(1000) : most;
}

static int take(struct parse *p, char *option)
{
	char *equals = strchr(option, '=');
	const char *value = equals ? equals + 1 : NULL;
	size_t n = equals ? (size_t)(equals - option) : strlen(option);

	if (strncmp(option, "ci.", 3) != 0)
		return 0;
	if (n == 6 && strncmp(option, "ci.env", n) == 0)
		return take_env(p, option, value);
	if (n == 7 && strncmp(option, "ci.wait", n) == 0)
		take_wait(p, option, value);
	else if (strcmp(option, "ci.skip") == 0)
		p->out->skip = true;
	else
		refuse(p, option, "it is none of ci.skip, ci.wait[=TIME] and ci.env=NAME=VALUE");
	return 0;
}

static int take_all(struct parse *p, const char *lines)
{
	char *copy = strdup(lines), *line = copy;
	int rc = copy ? 0 : -1;

	while (rc == 0 && line && *line) {
		char *newline = strchr(line, '\n');

		if (newline)
			*newline = '\0';
		rc = take(p, line);
		line = newline ? newline + 1 : NULL;
	}
	free(copy);
	if (rc == 0 && p->unsaid)
		strs_addf(&p->out->refused, "%zu more push options are not taken", p->unsaid);
	return rc < 0 || p->out->refused.failed || p->out->env.failed ? -1 : 0;
}

int queue_options_parse(const char *lines, const struct queue_config *config, const char *instance,
			struct queue_options *out, struct err *err)
{
	struct parse p = { .config = config, .instance = instance, .out = out };

	queue_options_free(out);
	if (take_all(&p, lines) == 0)
		return 0;
	queue_options_free(out);
	return err_set(err, ERR_INTERNAL, "no memory for the push options");
}

void queue_options_free(struct queue_options *options)
{
	strs_free(&options->env);
	strs_free(&options->refused);
	*options = (struct queue_options)QUEUE_OPTIONS_INIT;
}
