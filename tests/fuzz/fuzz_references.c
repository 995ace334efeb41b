/*
 * Texts of a buildspec that are taken apart when it runs. The first byte chooses:
 * r a reference to a secret, v the answer with their values, p a path with
 * variables, n the name of an artifact, m a pattern and a path by lines.
 */
#include "buildstep/build.h"
#include "buildstep/build_values.h"
#include "lib/spec/reference.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static bool is_inside(const char *part, const struct reference_secret *r)
{
	return part >= r->text && part < r->text + sizeof(r->text) && memchr(part, '\0', sizeof(r->text));
}

static void references(const char *text)
{
	struct reference_secret r;
	char region[32];

	reference_region(text, region);
	check(strlen(region) < sizeof(region));
	if (reference_secret(text, &r) < 0)
		return;
	check(is_inside(r.id, &r) && is_inside(r.key, &r) && is_inside(r.stage, &r) &&
	      is_inside(r.version, &r));
	check(*r.id && !strchr(r.id, '\n') && !strchr(r.key, ':') && !strchr(r.stage, ':') &&
	      !strchr(r.version, ':'));
	check(!(*r.stage && *r.version));
	check(strncmp(text, r.id, strlen(r.id)) == 0);
}

static void values(const char *text, size_t len)
{
	struct buf answer = BUF_INIT(1 << 16);
	size_t at = 0, before = 0, n;
	const char *value;

	buf_add(&answer, text, len);
	while (build_values_next(&answer, &at, &value, &n) == 0) {
		check(at > before && at <= answer.len && value >= answer.data &&
		      value + n < answer.data + answer.len && value[n] == '\n' && !memchr(value, '\0', n));
		before = at;
	}
	check(build_values_failed(&answer) < 0 || *text == '!');
	buf_free(&answer);
}

static int value_of(void *arg, const char *name, struct buf *out, struct err *err)
{
	size_t *asked = arg;

	(void)err;
	(*asked)++;
	for (const char *s = name; *s; s++)
		check(*s == '_' || (*s >= '0' && *s <= '9') || (*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'));
	check(*name && !(*name >= '0' && *name <= '9'));
	buf_adds(out, "$HOME");	/* what a variable holds is not expanded again */
	return 0;
}

static void paths(const char *text)
{
	struct buf out = BUF_INIT(1 << 18);
	struct err err = { 0 };
	size_t asked = 0;

	check(build_end_paths(text, value_of, &asked, &out, &err) == 0);
	check(out.len <= strlen(text) + asked * 5);
	check(asked > 0 || strcmp(buf_str(&out), text) == 0);
	buf_free(&out);
}

static void names(const char *text)
{
	if (!build_gather_name(text))
		return;
	check(*text && *text != '/' && strcmp(text, "..") != 0 && !strstr(text, "/../") && !strstr(text, "//"));
	check(strncmp(text, "../", 3) != 0 && (strlen(text) < 3 || strcmp(text + strlen(text) - 3, "/..") != 0));
}

static void patterns(char *text)
{
	char *line = strchr(text, '\n');

	if (!line)
		return;
	*line = '\0';
	build_files_match(text, line + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = size ? strndup((const char *)data + 1, size - 1) : NULL;

	if (!text)
		return 0;
	switch (data[0]) {
	case 'r': references(text); break;
	case 'v': values((const char *)data + 1, size - 1); break;
	case 'p': paths(text); break;
	case 'n': names(text); break;
	case 'm': patterns(text); break;
	default: break;
	}
	free(text);
	return 0;
}
