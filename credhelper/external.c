#include "external.h"
#include "lib/aws/creds_run.h"

/* The keyring's program needs neither the network nor this process's settings. */
static int fetch_keyring(const struct chain_input *in, const struct chain_choice *choice,
			 struct creds *out, struct err *err)
{
	struct awsconfig_value name = { .value = choice->profile };
	const char *arguments[] = { "get", "--format", "lines", "--profile", NULL, NULL };
	const struct creds_run run = {
		.program = "codetrain-keyring",
		.arguments = arguments,
		.profile = choice->profile,
		.provider = chain_name(choice->provider),
		.timeout_ms = EXTERNAL_KEYRING_TIMEOUT_MS,
	};

	awsconfig_get(in->config, choice->profile, "codetrain_keyring", &name);
	arguments[4] = name.value;
	return creds_run(&run, out, err);
}

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
		return fetch_keyring(in, choice, out, err);
	return creds_run(&run, out, err);
}
