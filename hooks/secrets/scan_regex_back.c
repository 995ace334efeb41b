#include "scan_regex_back.h"

size_t scan_regex_earliest(const struct rule_regex *re, const char *data, size_t end, size_t floor)
{
	if (end - floor > SCAN_REGEX_BACK_MAX)
		floor = end - SCAN_REGEX_BACK_MAX;
	for (size_t i = re->n_steps; i-- > 0 && end > floor;) {
		const struct scan_step *step = &re->steps[i];
		size_t width = step->width, most = step->most;

		if (most == 0) {
			end = end - floor > width ? end - width : floor;
			continue;
		}
		for (; end > floor; end--) {
			if (rule_has(step->inside, (unsigned char)data[end - 1])) {
				if (most-- == 0)
					break;
			} else if (width-- == 0) {
				break;
			}
		}
	}
	return end;
}

size_t scan_regex_begin_of(const struct rule_regex *re, const char *data, size_t from, size_t core)
{
	if (core - from > re->lead)
		from = core - re->lead;
	while (core > from && rule_has(re->lead_set, (unsigned char)data[core - 1]))
		core--;
	return core;
}
