/*
 * Time: formats of AWS, and deadlines on a clock that nobody sets back.
 * Wall time is a parameter everywhere else; clock_now is called by main.
 */
#ifndef CODETRAIN_CLOCK_H
#define CODETRAIN_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* "20150830T123600Z" and "2015-08-30T12:36:00Z", with the NUL. */
#define CLOCK_BASIC_LEN 17
#define CLOCK_EXTENDED_LEN 21

/* Seconds since 1970-01-01 UTC, and milliseconds of the same. */
int64_t clock_now(void);
int64_t clock_now_ms(void);

/* Years 1970 to 9999; others are clamped. */
void clock_basic(int64_t t, char out[static CLOCK_BASIC_LEN]);
void clock_extended(int64_t t, char out[static CLOCK_EXTENDED_LEN]);

/* "20150830T123600Z" or ISO 8601 with Z or an offset, fractions dropped, or
 * an HTTP date (RFC 9110's IMF-fixdate). 0 or -1. */
int clock_parse(const char *s, int64_t *out);

/* A point in time on the monotonic clock, in milliseconds. */
typedef int64_t deadline_t;
deadline_t deadline_in(int64_t ms);
/* Milliseconds left, never below 0 and never above INT_MAX (for poll). */
int deadline_left(deadline_t d);
bool deadline_over(deadline_t d);

#endif
