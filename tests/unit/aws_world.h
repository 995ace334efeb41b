/*
 * A world for lib/net's tests: an environment, a clock and a transport that
 * the test scripts. Included by one test program at a time.
 */
#ifndef TEST_AWS_WORLD_H
#define TEST_AWS_WORLD_H

#include "lib/base/file.h"
#include "lib/net/aws_private.h"
#include "lib/spec/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define NOW 1709210096		/* 2024-02-29T12:34:56Z */
#define KEY "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define TOKEN "tok/en+1=="

/* What the other side does. No status: the transport fails. */
struct canned {
	long status;
	const char *headers, *body;
	bool sent, final;
};

/* What it was asked. */
struct seen {
	char method[8], url[2048], headers[8192], body[8192];
	bool once, no_proxy;
};

static struct {
	const char *environment[32][2];
	int64_t now;
	double chance;
	struct canned answers[32];
	struct seen seen[32];
	int answered, pauses, paused_ms;
	bool keeps_sessions;
	char folder[64], config[96], credentials[96];
} world;

static const char *world_getenv(const char *name)
{
	for (size_t i = 0; i < 32; i++)
		if (world.environment[i][0] && strcmp(world.environment[i][0], name) == 0)
			return world.environment[i][1];
	return NULL;
}

/* NULL takes the name out. */
static void world_setenv(const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < 31; i++)
		if (!world.environment[i][0] || strcmp(world.environment[i][0], name) == 0)
			break;
	world.environment[i][0] = name;
	world.environment[i][1] = value;
}

static int64_t world_now(void)
{
	return world.now;
}

static void world_sleep(int ms, const volatile int *stop)
{
	(void)stop;
	world.pauses++;
	world.paused_ms += ms;
}

static double world_chance(void)
{
	return world.chance;
}

static int world_send(struct http *h, const struct http_request *q, struct http_response *r,
		      struct err *err)
{
	const struct canned *c = &world.answers[world.answered];
	struct seen *s = &world.seen[world.answered];
	size_t n = 0;

	(void)h;
	assert_true(world.answered < 31);
	world.answered++;
	snprintf(s->method, sizeof(s->method), "%s", q->method);
	snprintf(s->url, sizeof(s->url), "%s", q->url);
	snprintf(s->body, sizeof(s->body), "%.*s", (int)q->body_len, q->body ? (const char *)q->body : "");
	if (q->upload_fd >= 0)
		assert_int_equal(pread(q->upload_fd, s->body, sizeof(s->body), 0), q->upload_len);
	for (size_t i = 0; q->headers && i < q->headers->n; i++)
		n += (size_t)snprintf(s->headers + n, sizeof(s->headers) - n, "%s\n",
				      q->headers->v[i]);
	s->once = q->once;
	s->no_proxy = q->no_proxy;
	buf_clear(&r->headers);
	buf_clear(&r->body);
	r->headers.max = 65536;
	r->status = c->status;
	r->sent = c->sent || c->status;
	r->final = c->final;
	if (!c->status && q->download_fd >= 0)	/* a part arrived */
		file_write_fd(q->download_fd, c->body, strlen(c->body), "a test's file", err);
	if (!c->status)
		return err_set(err, ERR_UNAVAILABLE, "no connection");
	buf_adds(&r->headers, c->headers ? c->headers : "");
	if (q->download_fd >= 0 && c->status / 100 == 2)
		return file_write_fd(q->download_fd, c->body, strlen(c->body), "a test's file", err);
	buf_adds(&r->body, c->body ? c->body : "");
	return 0;
}

/* As environ, of the names that are set; NULL, and nothing is kept, until a test wants it. */
static const char *const *world_variables(void)
{
	static char lines[32][256];
	static const char *list[33];
	size_t n = 0;

	for (size_t i = 0; i < 32; i++) {
		if (!world.environment[i][0] || !world.environment[i][1])
			continue;
		snprintf(lines[n], sizeof(lines[n]), "%s=%s", world.environment[i][0],
			 world.environment[i][1]);
		list[n] = lines[n];
		n++;
	}
	list[n] = NULL;
	return world.keeps_sessions ? list : NULL;
}

static const struct aws_world test_world = {
	world_getenv, world_now, world_sleep, world_chance, world_send, world_variables,
};

static inline void world_write(const char *path, const char *text)
{
	struct err err = { 0 };

	assert_int_equal(file_replace(path, text, strlen(text), 0600, &err), 0);
}

/* Keys in the environment, empty files, half of each pause. */
static int world_setup(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	world.now = NOW;
	world.chance = 0.5;
	snprintf(world.folder, sizeof(world.folder), "/tmp/codetrain-unit.XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.config, sizeof(world.config), "%s/config", world.folder);
	snprintf(world.credentials, sizeof(world.credentials), "%s/credentials", world.folder);
	world_setenv("AWS_CONFIG_FILE", world.config);
	world_setenv("AWS_SHARED_CREDENTIALS_FILE", world.credentials);
	world_setenv("HOME", world.folder);
	world_setenv("AWS_ACCESS_KEY_ID", KEY);
	world_setenv("AWS_SECRET_ACCESS_KEY", SECRET);
	world_setenv("AWS_SESSION_TOKEN", TOKEN);
	world_setenv("AWS_REGION", "us-east-2");
	return 0;
}

static int world_teardown(void **state)
{
	struct err err;

	(void)state;
	return file_remove_tree(world.folder, &err);
}

static struct aws *world_open(const char *profile)
{
	const struct aws_settings settings = { .profile = profile };
	struct err err = { 0 };
	struct aws *a = aws_open_in(&test_world, &settings, &err);

	if (!a)
		print_message("# %s\n", err.message);
	assert_non_null(a);
	return a;
}

static inline cJSON *world_input(const char *text)
{
	struct err err = { 0 };
	cJSON *input = json_parse(text, strlen(text), "input", &err);

	assert_non_null(input);
	return input;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

#define assert_contains(text, part)							\
	do {										\
		if (!strstr(text, part))						\
			print_message("# \"%s\" is not in \"%s\"\n", part, text);	\
		assert_non_null(strstr(text, part));					\
	} while (0)

#endif
