#include "rules_check_text.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
	SEQUENCE = 6,	/* 123456 or abcdef; by chance in one of 30,000 keys of 32 hex digits */
	REPEATS = 6,	/* aaaaaa */
	CHANCE_CHANGES = 36,	/* of 100 neighbours that differ in kind */
	NAME_GAP = 24,	/* between a name and its value */
	NAME_MAX = 64,
};

/* Words of examples, at least four letters long. */
static const char *const example_words[] = {
	"example", "sample", "dummy", "placeholder", "changeme", "change_me", "change-me",
	"redacted", "your_", "your-", "yourtoken", "yourkey", "yourapi", "insert", "xxxx",
	"secret", "password", "ssword", "deadbeef", "foobar", "fake", "mock", "test", "todo",
};

/* What manuals and settings have where a password belongs. */
static const char *const no_passwords[] = {
	"pass", "passw", "passwd", "password", "passphrase", "pwd", "mypass", "mypassword",
	"secret", "mysecret", "token", "changeit", "admin", "root", "user", "guest", "test",
	"null", "none", "undefined", "postgres", "mysql", "mongo", "redis", "rabbitmq",
};

static bool holds(const char *s, size_t n, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= n; i++)
		if (strncasecmp(s + i, word, len) == 0)
			return true;
	return false;
}

static bool sequence(const char *s, size_t n)
{
	size_t up = 1, down = 1, same = 1;

	for (size_t i = 1; i < n; i++) {
		int step = s[i] - s[i - 1];

		up = step == 1 ? up + 1 : 1;
		down = step == -1 ? down + 1 : 1;
		same = step == 0 ? same + 1 : 1;
		if (up >= SEQUENCE || down >= SEQUENCE || same >= REPEATS)
			return true;
	}
	return false;
}

/* The same characters again and again: 0123012301230123. */
static bool periodic(const char *s, size_t n)
{
	for (size_t period = 1; period <= n / 2 && period <= 16; period++)
		if (n > 2 * period + 4 && memcmp(s, s + period, n - period) == 0)
			return true;
	return false;
}

bool rules_check_wordless(const char *s, size_t n)
{
	for (size_t i = 0; i < sizeof(example_words) / sizeof(*example_words); i++)
		if (holds(s, n, example_words[i]))
			return false;
	return !sequence(s, n) && !periodic(s, n);
}

bool rules_check_digit(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isdigit((unsigned char)s[i]) || s[i] == '+')
			return true;
	return false;
}

static int kind_of(unsigned char c)
{
	return isupper(c) ? 0 : islower(c) ? 1 : isdigit(c) ? 2 : 3;
}

bool rules_check_chance(const char *s, size_t n)
{
	size_t changes = 0;

	for (size_t i = 1; i < n; i++)
		changes += kind_of((unsigned char)s[i]) != kind_of((unsigned char)s[i - 1]);
	return rules_check_digit(s, n) && changes * 100 >= n * CHANCE_CHANGES;
}

bool rules_check_digits(const char *s, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++)
		digits += isdigit((unsigned char)s[i]) != 0;
	return digits * 12 >= n;
}

/* How often letters and digits take turns: in what people write seldom. */
static size_t turns(const char *s, size_t n)
{
	size_t count = 0;

	for (size_t i = 1; i < n; i++)
		count += (isdigit((unsigned char)s[i]) != 0) != (isdigit((unsigned char)s[i - 1]) != 0);
	return count;
}

bool rules_check_mixed(const char *s, size_t n)
{
	return turns(s, n) * 8 >= n;
}

/* A variable of a shell, a template or a format stands there. */
static bool variable(const char *s, size_t n)
{
	static const char *const marks[] = { "${", "$(", "{{", "%(", "%s", "#{", "<%", "{0}", "[[" };

	if (n && strchr("$<{[%*", s[0]))
		return true;
	for (size_t i = 0; i < sizeof(marks) / sizeof(*marks); i++)
		if (holds(s, n, marks[i]))
			return true;
	return n && (s[n - 1] == '}' || s[n - 1] == '>' || s[n - 1] == ']');
}

bool rules_check_password(const char *s, size_t n)
{
	size_t kinds[4] = { 0 };

	for (size_t i = 0; i < sizeof(no_passwords) / sizeof(*no_passwords); i++)
		if (strlen(no_passwords[i]) == n && strncasecmp(s, no_passwords[i], n) == 0)
			return false;
	if (variable(s, n) || !rules_check_wordless(s, n) || holds(s, n, "..."))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c <= ' ' || c > '~')
			return false;
		kinds[kind_of(c)]++;
	}
	return (kinds[0] > 0) + (kinds[1] > 0) + (kinds[2] > 0) + (kinds[3] > 0) >= 2 &&
	       (kinds[2] > 0 || kinds[3] > 1);
}

static bool all_hex(const char *s, size_t n)
{
	size_t hex = 0;

	for (size_t i = 0; i < n; i++)
		hex += isxdigit((unsigned char)s[i]) || s[i] == '-';
	return hex == n;
}

bool rules_check_assigned(const char *s, size_t n)
{
	/* of URLs and identifiers, and of hashes of passwords */
	static const char *const words[] = {
		"://", "token", "_key", "user", "pbkdf2", "argon2", "$2",
	};
	size_t signs = 0;

	if (!rules_check_password(s, n) || !rules_check_mixed(s, n) || all_hex(s, n))
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (holds(s, n, words[i]))
			return false;
	for (size_t i = 0; i < n; i++)
		signs += !isalnum((unsigned char)s[i]);
	return signs * 5 <= n;
}

/* The name that the value at data[at] is assigned to; its length in *n. */
static const char *name_before(const char *data, size_t at, size_t *n)
{
	size_t end = at, from;

	while (end > 0 && at - end < NAME_GAP && !isalnum((unsigned char)data[end - 1]))
		end--;
	from = end;
	while (from > 0 && end - from < NAME_MAX &&
	       (isalnum((unsigned char)data[from - 1]) || data[from - 1] == '_' || data[from - 1] == '-'))
		from--;
	*n = end - from;
	return data + from;
}

bool rules_check_name(const char *data, size_t at)
{
	static const char *const open_names[] = {
		"next", "page", "pagination", "continu", "cursor", "resume", "public", "verif",
		"sync", "marker", "cancel", "client_request", "clientrequest", "idempot", "hash",
		"digest", "checksum", "csrf", "tokenizer", "label", "title", "uid", "uuid",
		"pattern", "regex", "_id", "sha",
	};
	size_t n;
	const char *name = name_before(data, at, &n);

	if (n > 2 && (memcmp(name + n - 2, "Id", 2) == 0 || memcmp(name + n - 2, "ID", 2) == 0))
		return false;
	for (size_t i = 0; i < sizeof(open_names) / sizeof(*open_names); i++)
		if (holds(name, n, open_names[i]))
			return false;
	return true;
}

/* The host ends in this domain, or is it. */
static bool within(const char *s, size_t n, const char *domain)
{
	size_t len = strlen(domain);

	return n >= len && strncasecmp(s + n - len, domain, len) == 0 &&
	       (n == len || s[n - len - 1] == '.');
}

bool rules_check_host(const char *s, size_t n)
{
	static const char *const nowhere[] = {
		"localhost", "example", "example.com", "example.org", "example.net", "test",
		"invalid", "local", "host", "domain.com", "127.0.0.1", "0.0.0.0", "localdomain",
		"foo.com", "bar.com", "mydomain.com", "site.com", "server.com", "host.com",
		"company.com", "yourdomain.com", "host.docker.internal",
	};

	if (variable(s, n) || !memchr(s, '.', n))
		return false;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(*nowhere); i++)
		if (within(s, n, nowhere[i]))
			return false;
	return !holds(s, n, "example");
}
