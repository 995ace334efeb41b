#include "external.h"
#include "lib/aws/creds_run.h"

int external_fetch(const struct chain_input *in, const struct chain_choice *choice,
		   struct creds *out, struct err *err)
{
	const char *const arguments[] = { "--format", "lines", in->profile ? "--profile" : NULL,
					  in->profile, NULL };
	const struct creds_run run = {
		.program = "codetrain-credentials",
		.arguments = arguments,
		.profile = choice->profile,
		.provider = chain_name(choice->provider),
		.asks = true,
		.timeout_ms = EXTERNAL_TIMEOUT_MS,
	};

	if (choice->provider == CHAIN_KEYRING)
		return creds_run_keyring(in->config, choice->profile, NULL, out, err);
	return creds_run(&run, out, err);
}
