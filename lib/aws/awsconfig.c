#include "awsconfig.h"
#include "awsconfig_parse.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct source {
	char path[PATH_MAX_BYTES];
	struct buf text;
	struct file_info info;
};

struct awsconfig {
	struct source sources[AWSCONFIG_FILES];
	struct awsconfig_tables tables;
	const char **profiles;
	bool full_default;	/* [profile default] is there */
};

/* ---- reading ------------------------------------------------------------------------- */

static int choose_path(struct source *s, const char *given, const char *home, const char *below,
		       struct err *err)
{
	int n;

	if (!given || !*given)
		n = snprintf(s->path, sizeof(s->path), "%s/.aws/%s", home ? home : "~", below);
	else if (given[0] == '~' && given[1] == '/' && home)
		n = snprintf(s->path, sizeof(s->path), "%s%s", home, given + 1);
	else
		n = snprintf(s->path, sizeof(s->path), "%s", given);
	if (n < 0 || (size_t)n >= sizeof(s->path))
		return err_set(err, ERR_USAGE, "the path of the AWS %s file is too long", below);
	return 0;
}

/* Whoever writes these files chooses the keys, and the command of a credential_process. */
static int refuse_writable(const struct source *s, struct err *err)
{
	if (s->info.all_can_write)
		return err_set(err, ERR_USAGE, "every user can write %s, and so choose keys and run commands; "
			       "run chmod go-w %s", s->path, s->path);
	return 0;
}

static int read_source(struct awsconfig *c, enum awsconfig_file file, const char *given,
		       const char *home, const char *below, struct err *err)
{
	struct source *s = &c->sources[file];

	s->text = (struct buf)BUF_INIT_SECRET(AWSCONFIG_FILE_MAX);
	if (choose_path(s, given, home, below, err) < 0)
		return -1;
	if (!home && (!given || !*given)) {
		s->info.missing = true;
		return 0;
	}
	if (file_read(s->path, &s->text, &s->info, err) < 0 || refuse_writable(s, err) < 0)
		return -1;
	return awsconfig_parse(&c->tables, file, s->path, &s->text, err);
}

static bool counts(const struct awsconfig *c, const struct awsconfig_section *s)
{
	return s->kind == AWSCONFIG_PROFILE && !(s->plain_default && c->full_default);
}

static int list_profiles(struct awsconfig *c, struct err *err)
{
	size_t n = 0;

	c->profiles = calloc(c->tables.section_count + 1, sizeof(*c->profiles));
	if (!c->profiles)
		return err_set(err, ERR_INTERNAL, "no memory for the AWS profiles");
	for (size_t i = 0; i < c->tables.section_count; i++) {
		const struct awsconfig_section *s = &c->tables.sections[i];
		size_t at = 0;

		while (at < n && strcmp(c->profiles[at], s->name) != 0)
			at++;
		if (at == n && counts(c, s))
			c->profiles[n++] = s->name;
	}
	return 0;
}

struct awsconfig *awsconfig_load(const char *config_path, const char *credentials_path,
				 const char *home, struct err *err)
{
	struct awsconfig *c = calloc(1, sizeof(*c));

	if (!c) {
		err_set(err, ERR_INTERNAL, "no memory for the AWS configuration");
		return NULL;
	}
	if (read_source(c, AWSCONFIG_CONFIG, config_path, home, "config", err) < 0 ||
	    read_source(c, AWSCONFIG_CREDENTIALS, credentials_path, home, "credentials", err) < 0)
		goto fail;
	for (size_t i = 0; i < c->tables.section_count; i++) {
		const struct awsconfig_section *s = &c->tables.sections[i];

		if (s->file == AWSCONFIG_CONFIG && s->kind == AWSCONFIG_PROFILE &&
		    !s->plain_default && strcmp(s->name, "default") == 0)
			c->full_default = true;
	}
	if (list_profiles(c, err) < 0)
		goto fail;
	return c;
fail:
	awsconfig_free(c);
	return NULL;
}

void awsconfig_free(struct awsconfig *c)
{
	if (!c)
		return;
	for (int i = 0; i < AWSCONFIG_FILES; i++)
		buf_free(&c->sources[i].text);
	free(c->tables.sections);
	free(c->tables.entries);
	free(c->profiles);
	free(c);
}

/* ---- asking -------------------------------------------------------------------------- */

/* "parent.key" or "key" */
static bool is_named(const struct awsconfig_entry *e, const char *name)
{
	if (e->parent) {
		size_t len = strlen(e->parent);

		if (strncmp(name, e->parent, len) != 0 || name[len] != '.')
			return false;
		name += len + 1;
	}
	return strcmp(name, e->key) == 0;
}

static bool find(const struct awsconfig *c, enum awsconfig_kind kind, enum awsconfig_file file,
		 const char *section, const char *name, struct awsconfig_value *out)
{
	for (size_t i = c->tables.entry_count; i-- > 0;) {
		const struct awsconfig_entry *e = &c->tables.entries[i];
		const struct awsconfig_section *s = &c->tables.sections[e->section];

		if (s->kind != kind || s->file != file || strcmp(s->name, section) != 0)
			continue;
		if ((kind == AWSCONFIG_PROFILE && !counts(c, s)) || !is_named(e, name))
			continue;
		*out = (struct awsconfig_value){ e->value, c->sources[file].path, e->line };
		return true;
	}
	return false;
}

bool awsconfig_has_profile(const struct awsconfig *c, const char *profile)
{
	for (const char **p = c->profiles; *p; p++)
		if (strcmp(*p, profile) == 0)
			return true;
	return false;
}

bool awsconfig_get_credentials(const struct awsconfig *c, const char *profile, const char *name,
			       struct awsconfig_value *out)
{
	return find(c, AWSCONFIG_PROFILE, AWSCONFIG_CREDENTIALS, profile, name, out);
}

bool awsconfig_get_config(const struct awsconfig *c, const char *profile, const char *name,
			  struct awsconfig_value *out)
{
	return find(c, AWSCONFIG_PROFILE, AWSCONFIG_CONFIG, profile, name, out);
}

bool awsconfig_get(const struct awsconfig *c, const char *profile, const char *name,
		   struct awsconfig_value *out)
{
	return awsconfig_get_credentials(c, profile, name, out) ||
	       awsconfig_get_config(c, profile, name, out);
}

static enum awsconfig_kind kind_named(const char *kind)
{
	return strcmp(kind, "profile") == 0 ? AWSCONFIG_PROFILE :
	       strcmp(kind, "sso-session") == 0 ? AWSCONFIG_SSO_SESSION :
	       strcmp(kind, "services") == 0 ? AWSCONFIG_SERVICES : AWSCONFIG_OTHER;
}

bool awsconfig_get_section(const struct awsconfig *c, const char *kind, const char *section,
			   const char *name, struct awsconfig_value *out)
{
	return find(c, kind_named(kind), AWSCONFIG_CONFIG, section, name, out);
}

bool awsconfig_has_section(const struct awsconfig *c, const char *kind, const char *section)
{
	for (size_t i = 0; i < c->tables.section_count; i++) {
		const struct awsconfig_section *s = &c->tables.sections[i];

		if (s->kind == kind_named(kind) && strcmp(s->name, section) == 0)
			return true;
	}
	return false;
}

void awsconfig_each(const struct awsconfig *c, const char *kind, const char *section,
		    awsconfig_property *each, void *arg)
{
	for (size_t i = 0; i < c->tables.entry_count; i++) {
		const struct awsconfig_entry *e = &c->tables.entries[i];
		const struct awsconfig_section *s = &c->tables.sections[e->section];

		if (s->kind == kind_named(kind) && strcmp(s->name, section) == 0 &&
		    (s->kind != AWSCONFIG_PROFILE || counts(c, s)))
			each(arg, c->sources[s->file].path, e->parent, e->key, e->value);
	}
}

const char *const *awsconfig_profiles(const struct awsconfig *c)
{
	return c->profiles;
}

const char *awsconfig_config_path(const struct awsconfig *c)
{
	return c->sources[AWSCONFIG_CONFIG].path;
}

const char *awsconfig_credentials_path(const struct awsconfig *c)
{
	return c->sources[AWSCONFIG_CREDENTIALS].path;
}

bool awsconfig_credentials_open(const struct awsconfig *c)
{
	return c->sources[AWSCONFIG_CREDENTIALS].info.others_can_read;
}

static bool holds_secret(const struct awsconfig *c, enum awsconfig_file file)
{
	for (size_t i = 0; i < c->tables.entry_count; i++) {
		const struct awsconfig_entry *e = &c->tables.entries[i];

		if (c->tables.sections[e->section].file == file &&
		    strcmp(e->key, "aws_secret_access_key") == 0)
			return true;
	}
	return false;
}

bool awsconfig_warning(const struct awsconfig *c, struct err *warning)
{
	for (int i = 0; i < AWSCONFIG_FILES; i++) {
		const struct source *s = &c->sources[i];

		if (s->info.others_can_read && holds_secret(c, (enum awsconfig_file)i)) {
			err_set(warning, ERR_NONE, "%s can be read by others; run chmod 600 %s", s->path, s->path);
			return true;
		}
		if (s->info.all_can_replace) {
			err_set(warning, ERR_NONE, "every user can replace %s, and so choose keys and run "
				"commands; run chmod go-w %.*s", s->path,
				(int)(strrchr(s->path, '/') - s->path), s->path);
			return true;
		}
		if (s->info.group_can_write) {
			err_set(warning, ERR_NONE, "a group can write %s; run chmod g-w %s", s->path, s->path);
			return true;
		}
	}
	return false;
}
