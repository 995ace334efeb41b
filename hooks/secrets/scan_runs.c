#include "scan_runs.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_code(unsigned char c)
{
	unsigned char letter = (c | 0x20) - 'a';

	return letter < 26 || (unsigned char)(c - '0') < 10 || c == '+' || c == '/' || c == '-' ||
	       c == '_';
}

size_t scan_runs_end(const char *data, size_t len, size_t at)
{
	while (at < len && is_code((unsigned char)data[at]))
		at++;
	return at;
}

size_t scan_runs_begin(const char *data, size_t at)
{
	size_t stop = at > RULES_VALUE_MAX ? at - RULES_VALUE_MAX : 0;

	while (at > stop && is_code((unsigned char)data[at - 1]))
		at--;
	return at;
}

/* Looks at the last character of each stretch that could be a run, and back from
 * there: most of a text is stepped over. */
size_t scan_runs_next_plain(const char *data, size_t len, size_t at)
{
	while (len - at >= SCAN_RUN_MIN) {
		size_t from = at + SCAN_RUN_MIN;

		while (from > at && is_code((unsigned char)data[from - 1]))
			from--;
		if (from == at)
			return at;
		at = from;
	}
	return len;
}

static bool binary_plain(const char *data, size_t len)
{
	return memchr(data, 0, len) || memchr(data, 3, len) || memchr(data, 31, len);
}

#ifdef __x86_64__
#include <immintrin.h>

/* A character's low half byte names, in the first table, the high halves that it
 * may stand with, one bit each; the second turns the high half into its bit. */
#define AVX2 __attribute__((target("avx2")))

AVX2 static inline uint32_t codes_of(__m256i c)
{
	/* bits: 1: 0x2_  2: 0x3_  4: 0x4_ and 0x6_  8: 0x5_ and 0x7_  16: '_' alone (0x5f) */
	const __m256i low = _mm256_broadcastsi128_si256(_mm_setr_epi8(
		2 | 8, 2 | 4 | 8, 2 | 4 | 8, 2 | 4 | 8, 2 | 4 | 8, 2 | 4 | 8, 2 | 4 | 8, 2 | 4 | 8,
		2 | 4 | 8, 2 | 4 | 8, 4 | 8, 1 | 4, 4, 1 | 4, 4, 1 | 4 | 16));
	const __m256i high = _mm256_broadcastsi128_si256(
		_mm_setr_epi8(0, 0, 1, 2, 4, 8 | 16, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0));
	__m256i half = _mm256_set1_epi8(0x0f);
	__m256i l = _mm256_shuffle_epi8(low, _mm256_and_si256(c, half));
	__m256i h = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(c, 4), half));
	__m256i none = _mm256_cmpeq_epi8(_mm256_and_si256(l, h), _mm256_setzero_si256());

	return ~(uint32_t)_mm256_movemask_epi8(none);
}

/* Bit i: the characters of SCAN_RUN_MIN bits from i on are all codes. */
static inline uint64_t runs_in(uint64_t m)
{
	m &= m >> 1;
	m &= m >> 2;
	m &= m >> 4;
	return m & m >> 8 & m >> 16;
}

AVX2 static size_t next_avx2(const char *data, size_t len, size_t at)
{
	size_t before = 0;	/* codes right before `at` */

	for (; len - at >= 64; at += 64) {
		uint64_t m = codes_of(_mm256_loadu_si256((const void *)(data + at))) |
			     (uint64_t)codes_of(_mm256_loadu_si256((const void *)(data + at + 32)))
				     << 32;
		size_t leading = ~m ? (size_t)__builtin_ctzll(~m) : 64;
		uint64_t runs;

		if (before + leading >= SCAN_RUN_MIN)
			return at - before;
		runs = runs_in(m);
		if (runs)
			return at + (size_t)__builtin_ctzll(runs);
		before = (size_t)__builtin_clzll(~m);
	}
	return scan_runs_next_plain(data, len, at - before);
}

AVX2 static bool binary_avx2(const char *data, size_t len)
{
	const __m256i zip = _mm256_set1_epi8(3), gzip = _mm256_set1_epi8(31);
	size_t at = 0;

	for (; len - at >= 32; at += 32) {
		__m256i c = _mm256_loadu_si256((const void *)(data + at));
		__m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(c, zip), _mm256_cmpeq_epi8(c, gzip));

		found = _mm256_or_si256(found, _mm256_cmpeq_epi8(c, _mm256_setzero_si256()));
		if (_mm256_movemask_epi8(found))
			return true;
	}
	return binary_plain(data + at, len - at);
}

bool scan_runs_binary(const char *data, size_t len)
{
	return __builtin_cpu_supports("avx2") ? binary_avx2(data, len) : binary_plain(data, len);
}

size_t scan_runs_next(const char *data, size_t len, size_t at)
{
	if (__builtin_cpu_supports("avx2"))
		return next_avx2(data, len, at);
	return scan_runs_next_plain(data, len, at);
}
#else
bool scan_runs_binary(const char *data, size_t len)
{
	return binary_plain(data, len);
}

size_t scan_runs_next(const char *data, size_t len, size_t at)
{
	return scan_runs_next_plain(data, len, at);
}
#endif
