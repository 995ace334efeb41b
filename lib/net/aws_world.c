#include "aws_private.h"

#include "lib/base/clock.h"
#include "lib/base/stop.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

/* A signal ends the pause early; so does *stop, within a tenth of a second. */
static void pause_ms(int ms, const volatile int *stop)
{
	deadline_t end = deadline_in(ms);

	while (!deadline_over(end) && !stop_is_set(stop)) {
		int left = deadline_left(end);

		poll(NULL, 0, left < 100 ? left : 100);
	}
}

static double chance(void)
{
	unsigned int bits = 0;

	if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
		bits = (unsigned int)clock_now_ms() * 2654435761u;
	return bits / 4294967296.0;
}

static const char *environment(const char *name)
{
	return getenv(name);
}

static const char *const *variables(void)
{
	return (const char *const *)environ;
}

const struct aws_world aws_real_world = {
	.getenv = environment,
	.now = clock_now,
	.sleep_ms = pause_ms,
	.chance = chance,
	.send = http_do,
	.variables = variables,
};
