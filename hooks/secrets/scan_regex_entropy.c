#include "scan_regex.h"

enum { RUNES_MAX = 512, SHARED_MAX = 64 };

/* Of 0 < x <= 1. The programs do without libm for this one function: the series of
 * artanh, with what is left of x between 1/2 and 1, to the last bit but a few. */
static double binary_log(double x)
{
	double z, square, power, sum = 0;
	int whole = 0;

	while (x < 0.70710678118654752) {
		x *= 2;
		whole--;
	}
	z = (x - 1) / (x + 1);
	square = z * z;
	power = z;
	for (int i = 1; i < 32; i += 2) {
		sum += power / i;
		power *= square;
	}
	return whole + sum * 2 / 0.69314718055994530942;
}

static double term(size_t n, size_t len)
{
	double part = (double)n / (double)len;

	return -part * binary_log(part);
}

double scan_regex_entropy(const char *s, size_t len)
{
	struct {
		unsigned long rune;
		size_t n;
	} high[RUNES_MAX];
	size_t ascii[128] = { 0 }, shared[SHARED_MAX] = { 0 }, n_high = 0;
	double sum = 0;

	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i++];
		unsigned long rune = c;
		size_t k = 0;

		if (c < 0x80) {
			ascii[c]++;
			continue;
		}
		while (i < len && ((unsigned char)s[i] & 0xc0) == 0x80)
			rune = rune << 8 | (unsigned char)s[i++];
		/* cppcheck-suppress uninitvar */
		while (k < n_high && high[k].rune != rune)
			k++;
		if (k == n_high && n_high < RUNES_MAX) {
			high[n_high].rune = rune;
			high[n_high++].n = 0;
		}
		if (k < n_high)
			high[k].n++;
	}
	/* characters that are there equally often share a logarithm */
	for (size_t i = 0; i < 128 + n_high; i++) {
		/* cppcheck-suppress uninitvar */
		size_t n = i < 128 ? ascii[i] : high[i - 128].n;

		if (n < SHARED_MAX)
			shared[n]++;
		else
			sum += term(n, len);
	}
	for (size_t n = 1; n < SHARED_MAX; n++)
		if (shared[n])
			sum += (double)shared[n] * term(n, len);
	return sum;
}
