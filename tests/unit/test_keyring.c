/* credhelper/keyring_talk.c and keyring_text.c: a talk within its time, and what is
 * stored as text. */
#include "credhelper/keyring.h"
#include "credhelper/keyring_talk.h"

#include <dirent.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static int answers(void *arg, struct err *err)
{
	if (*(int *)arg < 0)
		return err_set(err, ERR_ACCESS, "no such key");
	return ++*(int *)arg;
}

/* As long as nobody writes, or closes the other end. */
static int waits(void *arg, struct err *err)
{
	char c;

	return read(*(int *)arg, &c, 1) == 1 ? 0 : err_set(err, ERR_INTERNAL, "closed");
}

static void a_talk_brings_its_result(void **state)
{
	struct keyring_talk t;
	struct err err = { 0 };
	int n = 1, bad = -1;

	(void)state;
	keyring_talk_init(&t, 60000);
	assert_int_equal(keyring_talk_run(&t, answers, &n, &err), 2);
	assert_int_equal(keyring_talk_run(&t, answers, &n, &err), 3);
	assert_int_equal(err.class, ERR_NONE);
	assert_int_equal(keyring_talk_run(&t, answers, &bad, &err), -1);
	assert_int_equal(err.class, ERR_ACCESS);
	assert_string_equal(err.message, "no such key");
	assert_true(t.left_ms <= 60000 && t.left_ms > 0);
	assert_false(t.gave_up);
	assert_false(keyring_talk_gave_up());
	keyring_talk_free(&t);
}

/* Is this the only thread that is left? */
static bool alone(void)
{
	DIR *d = opendir("/proc/self/task");
	int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n == 3;	/* with "." and ".." */
}

static void a_talk_without_an_end_is_given_up(void **state)
{
	static struct keyring_talk t;	/* its thread may outlive the test */
	static int fd[2];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(pipe(fd), 0);
	keyring_talk_init(&t, 20);
	assert_int_equal(keyring_talk_run(&t, waits, &fd[0], &err), -1);
	assert_int_equal(err.class, ERR_UNAVAILABLE);
	assert_non_null(strstr(err.message, "did not answer within a second"));
	assert_true(t.gave_up);
	assert_true(keyring_talk_gave_up());
	close(fd[1]);	/* so that it ends */
	for (int i = 0; i < 10000 && !alone(); i++)
		poll(NULL, 0, 1);
	assert_true(alone());
	close(fd[0]);
}

static void text_is_read_by_name(void **state)
{
	static const char text[] = "codetrain-credentials 1\naccess_key_id=AKID\nsecret_access_key=a=b\nempty=\nlast=x";
	char out[8];

	(void)state;
	assert_true(keyring_text_value(text, "access_key_id", out, sizeof(out)));
	assert_string_equal(out, "AKID");
	assert_true(keyring_text_value(text, "secret_access_key", out, sizeof(out)));
	assert_string_equal(out, "a=b");
	assert_true(keyring_text_value(text, "last", out, sizeof(out)));
	assert_string_equal(out, "x");
	assert_true(keyring_text_value(text, "empty", out, sizeof(out)));
	assert_string_equal(out, "");
	assert_false(keyring_text_value(text, "access_key", out, sizeof(out)));
	assert_false(keyring_text_value(text, "a", out, sizeof(out)));
	assert_false(keyring_text_value(text, "access_key_id", out, 4));
	assert_false(keyring_text_value("", "a", out, sizeof(out)));
}

static void items_are_named_without_their_secret(void **state)
{
	static const struct {
		const char *kind, *text, *name;
	} rows[] = {
		{ KEYRING_KEYS, "codetrain-credentials 1\naccess_key_id=AKID\nsecret_access_key=s\n", "AKID" },
		{ KEYRING_GIT, "username=u-at-1\npassword=s\n", "u-at-1" },
		{ KEYRING_KEYS, "username=u\n", "?" },
		{ KEYRING_GIT, "", "?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct keyring_item item = { .text = BUF_INIT_SECRET(KEYRING_TEXT_MAX) };
		char name[64];

		snprintf(item.kind, sizeof(item.kind), "%s", rows[i].kind);
		buf_adds(&item.text, rows[i].text);
		keyring_text_name(&item, name, sizeof(name));
		assert_string_equal(name, rows[i].name);
		buf_free(&item.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_talk_brings_its_result),
		cmocka_unit_test(a_talk_without_an_end_is_given_up),
		cmocka_unit_test(text_is_read_by_name),
		cmocka_unit_test(items_are_named_without_their_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
