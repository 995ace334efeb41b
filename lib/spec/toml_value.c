#include "toml_read.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORD = 80 };	/* characters of a number or a date */

/* "dddd-dd-dd": d is a digit, anything else itself. Returns what it takes, or 0. */
static size_t shape(const char *s, const char *want)
{
	size_t i = 0;

	for (; want[i]; i++)
		if (want[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != want[i])
			return 0;
	return i;
}

static int two(const char *s)
{
	return (s[0] - '0') * 10 + s[1] - '0';
}

static bool date_ok(const char *s)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	int year = two(s) * 100 + two(s + 2), month = two(s + 5), day = two(s + 8);
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (leap && month == 2);
}

/* What a time takes, 0 when it is none. */
static size_t time_len(const char *s)
{
	size_t n = shape(s, "dd:dd:dd"), digits = 0;

	if (n == 0 || two(s) > 23 || two(s + 3) > 59 || two(s + 6) > 60)
		return 0;
	if (s[n] != '.')
		return n;
	while (s[n + 1 + digits] >= '0' && s[n + 1 + digits] <= '9')
		digits++;
	return digits ? n + 1 + digits : 0;
}

static bool date_time(const char *s)
{
	size_t n = time_len(s);

	if (n && s[n] == '\0')
		return true;
	n = shape(s, "dddd-dd-dd");
	if (n == 0 || !date_ok(s))
		return false;
	if (s[n] == '\0')
		return true;
	if (!strchr("Tt ", s[n]) || time_len(s + n + 1) == 0)
		return false;
	n += 1 + time_len(s + n + 1);
	if (s[n] == '\0' || ((s[n] == 'Z' || s[n] == 'z') && s[n + 1] == '\0'))
		return true;
	return (s[n] == '+' || s[n] == '-') && shape(s + n + 1, "dd:dd") && two(s + n + 1) < 24 &&
	       two(s + n + 4) < 60 && s[n + 6] == '\0';
}

/* Takes the underscores out; -1 when one is not between two digits. */
static int plain_digits(const char *s, char *out)
{
	for (size_t i = 0; s[i]; i++) {
		if (s[i] != '_') {
			*out++ = s[i];
			continue;
		}
		if (i == 0 || !strchr("0123456789abcdefABCDEF", s[i - 1]) || s[i + 1] == '\0' ||
		    !strchr("0123456789abcdefABCDEF", s[i + 1]))
			return -1;
	}
	*out = '\0';
	return 0;
}

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

static bool integer(const char *s, double *out)
{
	static const struct {
		const char *prefix, *digits;
		int base;
	} kinds[] = {
		{ "0x", "0123456789abcdefABCDEF", 16 }, { "0o", "01234567", 8 }, { "0b", "01", 2 },
	};
	const char *body = s + (*s == '+' || *s == '-');
	char *end;

	errno = 0;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strncmp(s, kinds[i].prefix, 2) != 0)
			continue;
		if (s[2] == '\0' || strspn(s + 2, kinds[i].digits) != strlen(s + 2))
			return false;
		*out = (double)strtoll(s + 2, &end, kinds[i].base);
		return errno == 0;
	}
	if (digits(body) == 0 || body[digits(body)] != '\0' || (body[0] == '0' && body[1] != '\0'))
		return false;
	*out = (double)strtoll(s, &end, 10);
	return errno == 0;
}

static bool number(const char *s, double *out)
{
	const char *p = s + (*s == '+' || *s == '-');
	size_t n = digits(p);

	if (strcmp(p, "inf") == 0 || strcmp(p, "nan") == 0) {
		*out = *p == 'n' ? (double)NAN : *s == '-' ? -(double)INFINITY : (double)INFINITY;
		return true;
	}
	if (n == 0 || (n > 1 && *p == '0') || p[n] == '\0')	/* the last: an integer out of range */
		return false;
	p += n;
	if (*p == '.') {
		if (digits(p + 1) == 0)
			return false;
		p += 1 + digits(p + 1);
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		p += *p == '+' || *p == '-';
		if (digits(p) == 0)
			return false;
		p += digits(p);
	}
	*out = strtod(s, NULL);
	return *p == '\0';
}

/* A number, date or word: what runs up to a sign that cannot be in one. */
static cJSON *word(struct toml *t)
{
	char s[WORD + 1], plain[WORD + 1];
	size_t n = 0;
	double value;

	while (t->at + n < t->len && t->text[t->at + n] && !strchr(" \t\r\n,]}#=", t->text[t->at + n]))
		n++;
	/* a blank may stand between date and time */
	if (n == 10 && t->at + n + 3 < t->len && t->text[t->at + n] == ' ' &&
	    t->text[t->at + 4] == '-' && t->text[t->at + n + 3] == ':')
		for (n++; t->at + n < t->len && t->text[t->at + n] &&
			  !strchr(" \t\r\n,]}#=", t->text[t->at + n]);)
			n++;
	if (n == 0 || n > WORD) {
		toml_bad(t, "a value is expected");
		return NULL;
	}
	memcpy(s, t->text + t->at, n);
	s[n] = '\0';
	t->at += n;
	if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
		return cJSON_CreateBool(*s == 't');
	if (date_time(s))
		return toml_node(t, cJSON_CreateString(s));
	if (plain_digits(s, plain) == 0 && (integer(plain, &value) || number(plain, &value)))
		return cJSON_CreateNumber(value);
	t->at -= n;
	toml_bad(t, "no value of TOML; strings stand in quotes");
	return NULL;
}

int toml_gap(struct toml *t)
{
	for (;;) {
		size_t from = t->at;

		toml_blanks(t);
		if (toml_peek(t) == '#') {
			from = t->at;
			while (t->at < t->len && t->text[t->at] != '\n')
				t->at++;
			if (toml_check_text(t, from, t->at - (t->text[t->at - 1] == '\r')) < 0)
				return -1;
		}
		if (toml_starts(t, "\r\n"))
			t->at++;
		if (toml_peek(t) != '\n')
			return 0;
		t->at++;
		toml_newline(t);
	}
}

static int elements(struct toml *t, cJSON *array)
{
	t->at++;
	for (;;) {
		cJSON *v;

		if (toml_gap(t) < 0)
			return -1;
		if (toml_peek(t) == ']')
			break;
		v = toml_value(t);
		if (!v)
			return toml_bad(t, "no memory");
		if (!cJSON_AddItemToArray(array, v)) {
			cJSON_Delete(v);
			return toml_bad(t, "no memory");
		}
		if (toml_gap(t) < 0)
			return -1;
		if (toml_peek(t) == ']')
			break;
		if (toml_peek(t) != ',')
			return toml_bad(t, "a comma or ] is expected");
		t->at++;
	}
	t->at++;
	return 0;
}

static int members(struct toml *t, cJSON *table)
{
	t->at++;
	toml_blanks(t);
	if (toml_peek(t) == '}') {
		t->at++;
		return 0;
	}
	for (;;) {
		if (toml_pair(t, table) < 0)
			return -1;
		toml_blanks(t);
		if (toml_peek(t) == '}')
			break;
		if (toml_peek(t) != ',')
			return toml_bad(t, "a comma or } is expected");
		t->at++;
		toml_blanks(t);
	}
	t->at++;
	return 0;
}

cJSON *toml_value(struct toml *t)
{
	char c = toml_peek(t);
	cJSON *v;
	int rc;

	if (c == '"' || c == '\'') {
		int line = t->line;

		if (toml_string(t) < 0)
			return NULL;
		v = toml_node(t, cJSON_CreateString(buf_str(&t->buf)));
		if (v)
			v->valueint = line;
		return v;
	}
	if (c != '[' && c != '{')
		return word(t);
	if (t->depth == TOML_DEPTH_MAX) {
		toml_bad(t, "too deep");
		return NULL;
	}
	v = toml_node(t, c == '[' ? cJSON_CreateArray() : cJSON_CreateObject());
	if (!v)
		return NULL;
	t->depth++;
	rc = c == '[' ? elements(t, v) : members(t, v);
	t->depth--;
	toml_close(v);
	if (rc == 0)
		return v;
	cJSON_Delete(v);
	return NULL;
}
