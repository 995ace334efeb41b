#include "remote_pins.h"

#include "lib/aws/account.h"
#include "lib/aws/region.h"

#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_MAX = 512 };

static bool is_account(const char *value)
{
	return strlen(value) == ACCOUNT_LEN && strspn(value, "0123456789") == ACCOUNT_LEN;
}

static bool is_region(const char *value)
{
	return region_partition(value) != NULL;
}

static bool is_flag(const char *value)
{
	return strcmp(value, "true") == 0 || strcmp(value, "false") == 0;
}

static bool is_words(const char *value)
{
	return *value != '\0';
}

static const struct {
	const char *key;
	bool (*is_good)(const char *value);
	const char *wants;
} keys[] = {
	{ "account", is_account, "12 digits" },
	{ "region", is_region, "a region such as us-east-2" },
	{ "branch", is_words, "names of branches" },
	{ "protected", is_words, "names of branches, or of refs" },
	{ "force", is_flag, "true or false" },
	{ REMOTE_PINS_REQUIRE, is_flag, "true or false" },
};

enum { KEYS = sizeof(keys) / sizeof(*keys) };

static bool is_there(const struct remote_pins *pins, const char *remote, const char *key,
		     const char *value)
{
	for (size_t i = 0; i < pins->n; i++)
		if (strcmp(pins->v[i].remote, remote) == 0 && strcmp(pins->v[i].key, key) == 0 &&
		    strcmp(pins->v[i].value, value) == 0)
			return true;
	return false;
}

int remote_pins_add(struct remote_pins *pins, const char *remote, const char *key,
		    const char *value, const char *name, int line, struct err *err)
{
	struct remote_pin *v, pin;
	size_t k = 0;

	while (k < KEYS && strcmp(keys[k].key, key) != 0)
		k++;
	if (k == KEYS)
		return 0;
	if (!value || !keys[k].is_good(value))
		return err_set(err, ERR_USAGE, "%s:%d: %s wants %s", name, line, key, keys[k].wants);
	if (is_there(pins, remote, key, value))
		return 0;
	if (pins->n == REMOTE_PINS_MAX)
		return err_set(err, ERR_USAGE, "%s:%d: more than %d pins", name, line, REMOTE_PINS_MAX);
	v = realloc(pins->v, (pins->n + 1) * sizeof(*v));
	if (!v)
		return err_set(err, ERR_INTERNAL, "no memory for %s", name);
	pins->v = v;
	pin = (struct remote_pin){ strdup(remote), strdup(key), strdup(value) };
	pins->v[pins->n++] = pin;
	if (!pin.remote || !pin.key || !pin.value)
		return err_set(err, ERR_INTERNAL, "no memory for %s", name);
	return 0;
}

void remote_pins_free(struct remote_pins *pins)
{
	for (size_t i = 0; i < pins->n; i++) {
		free(pins->v[i].remote);
		free(pins->v[i].key);
		free(pins->v[i].value);
	}
	free(pins->v);
	*pins = (struct remote_pins){ 0 };
}

bool remote_pins_lists(const char *words, const char *name)
{
	while (*words) {
		size_t n = strcspn(words, " \t,");
		char pattern[WORD_MAX];

		if (n > 0 && n < sizeof(pattern)) {
			memcpy(pattern, words, n);
			pattern[n] = '\0';
			if (fnmatch(pattern, name, 0) == 0)
				return true;
		}
		words += n + (words[n] != '\0');
	}
	return false;
}
