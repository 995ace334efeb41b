#include "accounts.h"

#include "lib/aws/region.h"
#include "lib/base/file.h"
#include "lib/base/suggest.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct source {
	const char *text, *name;
	size_t len;
};

/* "NAME:LINE:COLUMN: message" for the value at the pointer. */
static int wrong(const struct source *s, const char *pointer, struct err *err, const char *what,
		 const char *value)
{
	int line = 1, column = 1;

	json_locate(s->text, s->len, pointer, &line, &column);
	return err_set(err, ERR_USAGE, "%s:%d:%d: %s%.100s", s->name, line, column, what, value);
}

typedef bool valid_fn(const char *value);

static bool among(const char *v, const char *more, size_t min, size_t max)
{
	size_t len = strlen(v);

	for (size_t i = 0; i < len; i++)
		if (!((v[i] >= 'a' && v[i] <= 'z') || (v[i] >= 'A' && v[i] <= 'Z') ||
		      (v[i] >= '0' && v[i] <= '9') || strchr(more, v[i])))
			return false;
	return len >= min && len <= max;
}

static bool is_id(const char *v)
{
	return strlen(v) == 12 && strspn(v, "0123456789") == 12;
}

static bool is_profile(const char *v)
{
	return *v && strlen(v) < 256;
}

static bool is_iam_name(const char *v)
{
	return among(v, "+=,.@_-", 1, 64);
}

static bool is_region(const char *v)
{
	return region_partition(v) != NULL;
}

static bool is_repository(const char *v)
{
	return among(v, "._/-", 2, 256);
}

static bool is_bucket(const char *v)
{
	return among(v, ".-", 3, 63);
}

/* a prefix of keys: policies name it, so it holds no wildcard */
static bool is_prefix(const char *v)
{
	return among(v, "/!_.'()=+:@&-", 1, 512) && v[0] != '/' && v[strlen(v) - 1] == '/';
}

static bool is_secret(const char *v)
{
	return among(v, "/_+=.@:-", 1, 512);
}

struct field {
	const char *name;
	size_t offset;
	valid_fn *valid;
	bool required;
	const char *what;	/* for the message */
};

#define TOP(member) offsetof(struct accounts, member)
#define ONE(member) offsetof(struct account, member)

static const struct field top_fields[] = {
	{ "region", TOP(region), is_region, true, "a region such as us-east-2" },
	{ "repository", TOP(repository), is_repository, true, "the name of an ECR repository" },
	{ "bucket", TOP(bucket), is_bucket, true, "the name of a bucket" },
	{ "input", TOP(input), is_prefix, true, "a prefix of keys that ends in /" },
	{ "output", TOP(output), is_prefix, true, "a prefix of keys that ends in /" },
	{ "secret", TOP(secret), is_secret, false, "the name or ARN of a secret" },
	{ 0 },
};

static const struct field account_fields[] = {
	{ "id", ONE(id), is_id, true, "the 12 digits of an account" },
	{ "profile", ONE(profile), is_profile, true, "a profile of the AWS config files" },
	{ "role", ONE(role), is_iam_name, true, "the name of a role" },
	{ "build_role", ONE(build_role), is_iam_name, false, "the name of a role" },
	{ "release_role", ONE(release_role), is_iam_name, false, "the name of a role" },
	{ "group", ONE(group), is_iam_name, false, "the name of a group" },
	{ "user", ONE(user), is_iam_name, false, "the name of a user" },
	{ 0 },
};

static int unknown(const struct source *s, const struct field *fields, const char *pointer,
		   const char *name, struct err *err)
{
	struct suggest near = SUGGEST_INIT(name, 2);

	for (const struct field *f = fields; f->name; f++)
		suggest_offer(&near, f->name);
	wrong(s, pointer, err, "unknown member ", name);
	if (near.nearest)
		err_suffix(err, "; did you mean \"%s\"?", near.nearest);
	return -1;
}

/* Fills in a struct from an object by a table; `skip` is read elsewhere. */
static int read_fields(const struct source *s, const cJSON *object, const char *pointer,
		       const struct field *fields, const char *skip, void *out, struct err *err)
{
	char at[512];
	const cJSON *c;

	cJSON_ArrayForEach(c, object) {
		const struct field *f = fields;

		snprintf(at, sizeof(at), "%.200s/%.200s", pointer, c->string);
		while (f->name && strcmp(f->name, c->string) != 0)
			f++;
		if (!f->name && skip && strcmp(c->string, skip) == 0)
			continue;
		if (!f->name)
			return unknown(s, fields, at, c->string, err);
		if (!cJSON_IsString(c) || !f->valid(c->valuestring)) {
			wrong(s, at, err, f->name, " must be ");
			return err_suffix(err, "%s", f->what);
		}
		*(const char **)((char *)out + f->offset) = c->valuestring;
	}
	for (const struct field *f = fields; f->name; f++)
		if (f->required && !*(const char **)((char *)out + f->offset))
			return wrong(s, pointer, err, "this object has no ", f->name);
	return 0;
}

static int read_account(const struct source *s, const cJSON *object, struct accounts *a,
			struct err *err)
{
	struct account *one = &a->account[a->n];
	char pointer[256];

	snprintf(pointer, sizeof(pointer), "/accounts/%.200s", object->string);
	if (a->n == ACCOUNTS_MAX)
		return wrong(s, pointer, err, "there are too many accounts", "");
	if (!cJSON_IsObject(object))
		return wrong(s, pointer, err, "an account is an object, { … }", "");
	one->name = object->string;
	if (read_fields(s, object, pointer, account_fields, NULL, one, err) < 0)
		return -1;
	if (one->user && !one->group)
		return wrong(s, pointer, err, "a \"user\" needs a \"group\" to be in", "");
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->account[i].id, one->id) == 0)
			return wrong(s, pointer, err, "has the same id as ", a->account[i].name);
	a->n++;
	return 0;
}

static int read_accounts(const struct source *s, struct accounts *a, struct err *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(a->tree, "accounts"), *c;

	if (!cJSON_IsObject(list))
		return wrong(s, list ? "/accounts" : "", err, "\"accounts\" is an object of accounts "
			     "by name", "");
	cJSON_ArrayForEach(c, list)
		if (read_account(s, c, a, err) < 0)
			return -1;
	for (size_t i = 0; i < a->n; i++) {
		if (strcmp(a->account[i].name, "devops") == 0)
			a->devops = &a->account[i];
		if (strcmp(a->account[i].name, "beta") == 0)
			a->beta = &a->account[i];
	}
	if (!a->devops || !a->beta)
		return wrong(s, "/accounts", err, "there is no account ",
			     a->devops ? "\"beta\" (the one that trains)" :
					 "\"devops\" (the one that builds)");
	for (size_t i = 0; i < a->n; i++)
		if (a->account[i].release_role && !a->devops->build_role)
			return wrong(s, "/accounts/devops", err, "a \"release_role\" needs the "
				     "\"build_role\" that may assume it", "");
	return 0;
}

int accounts_read(const char *text, size_t len, const char *name, struct accounts *out,
		  struct err *err)
{
	const struct source s = { .text = text, .name = name, .len = len };

	memset(out, 0, sizeof(*out));
	out->tree = json_parse(text, len, name, err);
	if (!out->tree)
		return -1;
	if (!cJSON_IsObject(out->tree)) {
		wrong(&s, "", err, "an accounts file is an object, { … }", "");
		goto fail;
	}
	if (read_fields(&s, out->tree, "", top_fields, "accounts", out, err) < 0 ||
	    read_accounts(&s, out, err) < 0)
		goto fail;
	out->partition = region_partition(out->region)->name;
	return 0;
fail:
	accounts_free(out);
	return -1;
}

int accounts_load(const char *path, struct accounts *out, struct err *err)
{
	struct buf text = BUF_INIT(ACCOUNTS_FILE_MAX);
	int result = file_read(path, &text, NULL, err);

	memset(out, 0, sizeof(*out));
	if (result < 0)
		err->class = ERR_USAGE;
	else
		result = accounts_read(buf_str(&text), text.len, path, out, err);
	buf_free(&text);
	return result;
}

void accounts_free(struct accounts *a)
{
	json_free(a->tree);
	memset(a, 0, sizeof(*a));
}
