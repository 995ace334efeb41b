/* Patterns of the service model, run as the automata of the generated table. */
#include "lib/spec/shape.h"

#define REPLACEMENT 0xFFFDu

uint32_t shape_pattern_next(const char **text)
{
	/* by the number of continuation bytes */
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)*text;
	uint32_t point = p[0];
	size_t more, i;

	if (point == 0)
		return 0;
	*text += 1;
	if (point < 0x80)
		return point;
	if (point >= 0xC2 && point < 0xE0)
		more = 1;
	else if (point >= 0xE0 && point < 0xF0)
		more = 2;
	else if (point >= 0xF0 && point < 0xF5)
		more = 3;
	else
		return REPLACEMENT;
	point &= 0x3Fu >> more;
	for (i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return REPLACEMENT;
		point = point << 6 | (p[i] & 0x3F);
	}
	if (point < least[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000))
		return REPLACEMENT;
	*text += more;
	return point;
}

static uint16_t class_of(const struct shape_pattern *pattern, uint32_t point)
{
	size_t low = 0, high = pattern->n_ranges;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (pattern->ranges[middle].first <= point)
			low = middle;
		else
			high = middle;
	}
	return pattern->ranges[low].class;
}

static uint16_t step(const struct shape_pattern *pattern, uint16_t state, uint16_t class)
{
	const struct shape_state *s = &pattern->states[state];
	size_t i;

	for (i = s[0].first_edge; i < s[1].first_edge; i++)
		if (pattern->edges[i].class == class)
			return pattern->edges[i].to;
	return s->otherwise;
}

bool shape_pattern_match(const struct shape_pattern *pattern, const char *text, size_t *at)
{
	uint16_t state = 0;
	uint32_t point;

	for (*at = 0; (point = shape_pattern_next(&text)) != 0; (*at)++) {
		state = step(pattern, state, class_of(pattern, point));
		if (state == SHAPE_DEAD)
			return false;
	}
	return pattern->states[state].accepts;
}
