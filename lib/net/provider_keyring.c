#include "provider.h"

#include "lib/aws/creds_run.h"

/* codetrain-keyring ends by itself after a second. */
enum { TIMEOUT_MS = 5000 };

int provider_keyring(const struct provider_request *p, struct creds *out, struct err *err)
{
	const char *name = provider_property(p, "codetrain_keyring");
	const char *const arguments[] = { "get", "--format", "lines", "--profile",
					  name ? name : p->choice->profile, NULL };
	const struct creds_run run = {
		.program = "codetrain-keyring",
		.arguments = arguments,
		.profile = p->choice->profile,
		.provider = chain_name(CHAIN_KEYRING),
		.timeout_ms = TIMEOUT_MS,
		.stop = p->a->shared->stop,
	};

	return creds_run(&run, out, err);
}
