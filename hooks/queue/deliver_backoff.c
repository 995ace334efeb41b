#include "deliver.h"

struct pace {
	enum err_class class;
	int64_t base_ms, most_ms;
};

/* The classes that time or people outside can mend. All others are dead letters. */
static const struct pace paces[] = {
	{ ERR_UNAVAILABLE, 1000, 30 * 1000 },
	{ ERR_TIMEOUT, 1000, 30 * 1000 },
	{ ERR_ACCESS, 10 * 1000, 600 * 1000 },		/* someone has to grant something */
	{ ERR_INTERNAL, 5 * 1000, 600 * 1000 },		/* a full disk, a missing program */
};

static const struct pace *pace_of(enum err_class class)
{
	for (size_t i = 0; i < sizeof(paces) / sizeof(*paces); i++)
		if (paces[i].class == class)
			return &paces[i];
	return NULL;
}

bool deliver_is_temporary(enum err_class class)
{
	return pace_of(class) != NULL;
}

int64_t deliver_backoff(enum err_class class, int attempts, uint32_t random)
{
	const struct pace *pace = pace_of(class);
	int64_t most = pace ? pace->base_ms : 0;

	for (int i = 1; pace && i < attempts && most < pace->most_ms; i++)
		most *= 2;
	if (pace && most > pace->most_ms)
		most = pace->most_ms;
	return (int64_t)(((uint64_t)most * random) >> 32);
}
