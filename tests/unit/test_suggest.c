/* lib/base/suggest: the nearest name, and none when none is near */
#include "lib/base/suggest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void distances_are_counted_up_to_the_limit(void **state)
{
	static const struct {
		const char *a, *b;
		size_t limit, distance;
	} rows[] = {
		{ "", "", 3, 0 }, { "abc", "abc", 3, 0 }, { "ABC", "abc", 3, 0 },
		{ "abc", "acb", 3, 1 }, { "abc", "ab", 3, 1 }, { "kitten", "sitting", 5, 3 },
		{ "ca", "abc", 5, 3 }, { "abc", "xyz", 3, 3 }, { "abc", "xyz", 2, 3 },
		{ "a", "abcdef", 2, 3 }, { "a", "b", 0, 1 }, { "", "ab", 5, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(suggest_distance(rows[i].a, rows[i].b, rows[i].limit),
				 rows[i].distance);
		assert_int_equal(suggest_distance(rows[i].b, rows[i].a, rows[i].limit),
				 rows[i].distance);
	}
}

static void long_words_are_near_to_nothing(void **state)
{
	char word[SUGGEST_WORD_MAX + 2];

	(void)state;
	memset(word, 'a', sizeof(word));
	word[SUGGEST_WORD_MAX] = '\0';
	assert_int_equal(suggest_distance(word, word, 3), 0);
	word[SUGGEST_WORD_MAX] = 'a';
	word[SUGGEST_WORD_MAX + 1] = '\0';
	assert_int_equal(suggest_distance(word, word, 3), 4);
}

static const char *nearest(const char *word, size_t most)
{
	static const char *const names[] = { "submit", "watch", "match", "build" };
	struct suggest s = SUGGEST_INIT(word, most);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		suggest_offer(&s, names[i]);
	return s.nearest;
}

static void the_nearest_is_found(void **state)
{
	(void)state;
	assert_string_equal(nearest("sumbit", 2), "submit");
	assert_string_equal(nearest("Build", 2), "build");
	assert_string_equal(nearest("match", 2), "match");
	assert_string_equal(nearest("hatch", 2), "watch");	/* the first of equals */
	assert_string_equal(nearest("build", 0), "build");
	assert_null(nearest("bild", 0));
	assert_null(nearest("promote", 2));
	assert_null(nearest("", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_counted_up_to_the_limit),
		cmocka_unit_test(long_words_are_near_to_nothing),
		cmocka_unit_test(the_nearest_is_found),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
