#include "lib/base/buf.h"
#include "lib/base/encode.h"
#include "lib/base/file.h"
#include "session.h"
#include "signin_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	VARIABLES_MAX = 1024,	/* of an environment that count */
	CHOICES_MAX = 32,	/* a role and the sources behind it */
};

/* Another word whenever other things are hashed, or an entry is written otherwise. */
static const char version[] = "codetrain session 2";

/* Neither holds a NUL, so that two lists of facts are never the same bytes. */
static void add(struct hash *h, const char *fact, const char *value)
{
	hash_update(h, fact, strlen(fact) + 1);
	hash_update(h, value, strlen(value) + 1);
}

static void add_number(struct hash *h, const char *fact, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	add(h, fact, text);
}

/* ---- the environment --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool begins_with_one(const char *variable, const char *const *names)
{
	while (*names && strncmp(variable, *names, strlen(*names)) != 0)
		names++;
	return *names;
}

/* A program may give other credentials for any variable but those that tell of the
 * terminal, the shell, the language and git. */
static bool counts(const char *variable, bool program)
{
	static const char *const always[] = { "AWS_", "HOME=", NULL };
	static const char *const never[] = {
		"CODETRAIN_", "COLORTERM=", "COLUMNS=", "DISPLAY=", "GIT_", "LANG", "LC_", "LINES=",
		"LS_COLORS=", "OLDPWD=", "SHLVL=", "SSH_CLIENT=", "SSH_CONNECTION=", "SSH_TTY=", "STY=",
		"TERM", "TMUX", "VTE_VERSION=", "WAYLAND_DISPLAY=", "WINDOWID=", "XAUTHORITY=",
		"XDG_SESSION_", "_=", NULL
	};

	return begins_with_one(variable, always) || (program && !begins_with_one(variable, never));
}

/* In one order: two shells that export the same are the same. */
static int add_variables(struct hash *h, const char *const *variables, bool program)
{
	const char *found[VARIABLES_MAX] = { NULL };
	size_t n = 0;

	for (; *variables; variables++) {
		if (!counts(*variables, program))
			continue;
		if (n == VARIABLES_MAX)
			return -1;
		found[n++] = *variables;
	}
	qsort(found, n, sizeof(*found), compare);
	for (size_t i = 0; i < n; i++)
		add(h, "variable", found[i]);
	return 0;
}

/* ---- the configuration ------------------------------------------------------------- */

static void add_property(void *arg, const char *file, const char *parent, const char *key,
			 const char *value)
{
	struct hash *h = arg;

	add(h, "file", file);
	add(h, "parent", parent ? parent : "");
	add(h, "property", key);
	add(h, "value", value);
}

static const char *property(const struct chain_input *in, const char *profile, const char *name)
{
	struct awsconfig_value v;

	return awsconfig_get(in->config, profile, name, &v) && *v.value ? v.value : NULL;
}

/* The section that a profile names by the property `by`. */
static void add_section(struct hash *h, const struct chain_input *in, const char *profile,
			const char *kind, const char *by)
{
	const char *name = property(in, profile, by);

	if (!name)
		return;
	add(h, "section", kind);
	awsconfig_each(in->config, kind, name, add_property, h);
}

/* ---- the token of a sign-in -------------------------------------------------------- */

static int sso_token(const struct chain_input *in, const char *profile, struct buf *path)
{
	const char *key = property(in, profile, "sso_session");
	struct err ignored;

	if (!key)
		key = property(in, profile, "sso_start_url");
	return key ? signin_file_sso(in->getenv("HOME"), key, path, &ignored) : -1;
}

static int login_token(const struct chain_input *in, const char *profile, struct buf *path)
{
	const char *key = property(in, profile, "login_session");
	struct err ignored;

	return key ? signin_file_login(in->getenv("HOME"), in->getenv("AWS_LOGIN_CACHE_DIRECTORY"), key,
				       path, &ignored) : -1;
}

/* "" for a provider that has none. */
static int token_path(const struct chain_input *in, const struct chain_choice *choice,
		      struct buf *path)
{
	const char *file;

	switch (choice->provider) {
	case CHAIN_SSO:
		return sso_token(in, choice->profile, path);
	case CHAIN_LOGIN:
		return login_token(in, choice->profile, path);
	case CHAIN_WEB_IDENTITY:
		file = chain_web_identity(in, choice, "web_identity_token_file");
		return file ? buf_adds(path, file) : -1;
	case CHAIN_CONTAINER:	/* all that tells one pod of EKS from another */
		file = in->getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
		return file ? buf_adds(path, file) : 0;
	default:
		return 0;
	}
}

/* Signing out removes or empties the file, signing in writes it anew. -1 when nobody
 * could tell. */
static int add_token(struct hash *h, const struct chain_input *in,
		     const struct chain_choice *choice)
{
	struct buf path = BUF_INIT(PATH_MAX_BYTES);
	int rc = token_path(in, choice, &path);
	struct stat st;

	if (rc == 0 && path.len && stat(buf_str(&path), &st) == 0) {
		add_number(h, "token's size", st.st_size);
		add_number(h, "token's seconds", st.st_mtim.tv_sec);
		add_number(h, "token's nanoseconds", st.st_mtim.tv_nsec);
		add_number(h, "token's number", (long long)st.st_ino);
		add_number(h, "token's device", (long long)st.st_dev);
	}
	buf_free(&path);
	return rc;
}

/* ---- all of it --------------------------------------------------------------------- */

static int add_choice(struct hash *h, const struct chain_input *in,
		      const struct chain_choice *choice)
{
	add(h, "provider", chain_name(choice->provider));
	add(h, "profile", choice->profile);
	awsconfig_each(in->config, "profile", choice->profile, add_property, h);
	add_section(h, in, choice->profile, "sso-session", "sso_session");
	add_section(h, in, choice->profile, "services", "services");
	return add_token(h, in, choice);
}

/* `program`: does one of them come from a program? */
static int add_choices(struct hash *h, const struct session_scope *scope, bool *program)
{
	struct chain_choice choice = *scope->choice;
	struct chain_role role;
	struct err ignored;

	for (int i = 0; i < CHOICES_MAX; i++) {
		if (add_choice(h, scope->in, &choice) < 0)
			return -1;
		*program = *program || choice.provider == CHAIN_PROCESS;
		if (choice.provider != CHAIN_ASSUME_ROLE)
			return 0;
		if (chain_role(scope->in, choice.profile, &role, &ignored) < 0)
			return -1;
		choice = role.source;
	}
	return -1;
}

int session_name(const struct session_scope *scope, char out[static HASH_HEX_LEN])
{
	const char *given = scope->in->profile;
	unsigned char digest[HASH_LEN];
	bool program = false;
	struct hash h;
	int rc = 0;

	hash_init(&h);
	add(&h, "version", version);
	add_number(&h, "user", (long long)geteuid());
	add(&h, "profile given", given && *given ? given : "");
	add(&h, "region", scope->region ? scope->region : "");
	if (!scope->variables || add_choices(&h, scope, &program) < 0 ||
	    add_variables(&h, scope->variables, program) < 0)
		rc = -1;
	hash_final(&h, digest);
	encode_hex(digest, sizeof(digest), out);
	return rc;
}
