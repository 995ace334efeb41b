#include "clock.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t clock_now(void)
{
	return clock_now_ms() / 1000;
}

int64_t clock_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Days since 1970-01-01 of a date in the proleptic Gregorian calendar: years
 * counted from March put the leap day last. */
static int64_t days_from_date(int64_t y, int m, int d)
{
	int64_t era, yoe, doy;

	y -= m <= 2;
	era = y / 400;
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* The date of a count of days: the inverse of days_from_date. */
static void date_from_days(int64_t days, int *y, int *m, int *d)
{
	int64_t era, doe, yoe, doy, month;

	days += 719468;
	era = days / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	month = (5 * doy + 2) / 153;
	*d = (int)(doy - (153 * month + 2) / 5 + 1);
	*m = (int)(month < 10 ? month + 3 : month - 9);
	*y = (int)(yoe + era * 400 + (*m <= 2));
}

struct moment {
	int year, month, day, hour, minute, second;
};

/* Not gmtime_r, which reads the time zone's file the first time. */
static struct moment broken_down(int64_t t)
{
	const int64_t last = 253402300799;	/* 9999-12-31T23:59:59Z */
	struct moment m;
	int of_day;

	t = t < 0 ? 0 : t > last ? last : t;
	date_from_days(t / 86400, &m.year, &m.month, &m.day);
	of_day = (int)(t % 86400);
	m.hour = of_day / 3600;
	m.minute = of_day / 60 % 60;
	m.second = of_day % 60;
	return m;
}

static void put(char *out, int value, int digits)
{
	while (digits-- > 0) {
		out[digits] = (char)('0' + value % 10);
		value /= 10;
	}
}

void clock_basic(int64_t t, char out[static CLOCK_BASIC_LEN])
{
	struct moment m = broken_down(t);

	memcpy(out, "00000000T000000Z", CLOCK_BASIC_LEN);
	put(out, m.year, 4);
	put(out + 4, m.month, 2);
	put(out + 6, m.day, 2);
	put(out + 9, m.hour, 2);
	put(out + 11, m.minute, 2);
	put(out + 13, m.second, 2);
}

void clock_extended(int64_t t, char out[static CLOCK_EXTENDED_LEN])
{
	struct moment m = broken_down(t);

	memcpy(out, "0000-00-00T00:00:00Z", CLOCK_EXTENDED_LEN);
	put(out, m.year, 4);
	put(out + 5, m.month, 2);
	put(out + 8, m.day, 2);
	put(out + 11, m.hour, 2);
	put(out + 14, m.minute, 2);
	put(out + 17, m.second, 2);
}

/* Exactly n digits; -1 when there are fewer. */
static int number(const char **s, int n)
{
	int v = 0;

	while (n-- > 0) {
		if (**s < '0' || **s > '9')
			return -1;
		v = v * 10 + (*(*s)++ - '0');
	}
	return v;
}

static void skip(const char **s, const char *any)
{
	if (**s && strchr(any, **s))
		(*s)++;
}

static int assemble(int y, int mo, int d, int h, int mi, int s, int64_t *out)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	if (y < 1970 || mo < 1 || mo > 12 || d < 1 || h < 0 || h > 23 || mi < 0 || mi > 59 ||
	    s < 0 || s > 60)
		return -1;
	if (d > days[mo - 1] + (mo == 2 && leap))
		return -1;
	*out = days_from_date(y, mo, d) * 86400 + h * 3600 + mi * 60 + s;
	return 0;
}

static int parse_http(const char *s, int64_t *out)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char month[4] = "", zone[4] = "";
	int d, y, h, mi, sec, end = 0;
	const char *m;

	if (sscanf(s, "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d %3[A-Z]%n",
		   &d, month, &y, &h, &mi, &sec, zone, &end) != 7 || s[end] || strcmp(zone, "GMT"))
		return -1;
	m = strlen(month) == 3 ? strstr(months, month) : NULL;
	if (!m || (m - months) % 3)
		return -1;
	return assemble(y, (int)(m - months) / 3 + 1, d, h, mi, sec, out);
}

static int parse_offset(const char **s, int64_t *seconds)
{
	int sign, h, m;

	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		*seconds = 0;
		return 0;
	}
	if (**s != '+' && **s != '-')
		return -1;
	sign = *(*s)++ == '-' ? -1 : 1;
	h = number(s, 2);
	skip(s, ":");
	m = number(s, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return -1;
	*seconds = sign * (h * 3600 + m * 60);
	return 0;
}

int clock_parse(const char *s, int64_t *out)
{
	int y, mo, d, h, mi, sec;
	int64_t t, offset;

	if ((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z'))
		return parse_http(s, out);
	y = number(&s, 4);
	skip(&s, "-");
	mo = number(&s, 2);
	skip(&s, "-");
	d = number(&s, 2);
	skip(&s, "Tt ");
	h = number(&s, 2);
	skip(&s, ":");
	mi = number(&s, 2);
	skip(&s, ":");
	sec = number(&s, 2);
	if (*s == '.')
		for (s++; *s >= '0' && *s <= '9'; s++)
			;
	if (y < 0 || assemble(y, mo, d, h, mi, sec, &t) < 0)
		return -1;
	if (parse_offset(&s, &offset) < 0 || *s)
		return -1;
	*out = t - offset;
	return 0;
}

static int64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

deadline_t deadline_in(int64_t ms)
{
	return monotonic_ms() + ms;
}

int deadline_left(deadline_t d)
{
	int64_t left = d - monotonic_ms();

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

bool deadline_over(deadline_t d)
{
	return deadline_left(d) == 0;
}
